/** How the field sheet looks: one A4 page in black and white, with the fonts of the machine that prints it. */

export const SHEET_STYLE = `
@page { size: A4; margin: 9mm 12mm }
* { box-sizing: border-box }
body { font: 8.7pt/1.3 "Hiragino Sans", "Yu Gothic", Meiryo, "Noto Sans CJK JP", "IPAexGothic", system-ui, sans-serif;
  color: #000; background: #fff; max-width: 186mm; margin: 0 auto; line-break: strict; word-break: auto-phrase }
header { display: flex; justify-content: space-between; align-items: baseline; border-bottom: 1.5pt solid #000 }
h1 { font-size: 18pt; margin: 0; overflow-wrap: anywhere }
header p { font-size: 12pt; margin: 0 0 0 1em; white-space: nowrap }
h2 { font-size: 10.5pt; margin: 2mm 0 .6mm }
p { margin: 1mm 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .6mm 4mm; margin: 2mm 0 }
dt { font-weight: bold }
dd { margin: 0; overflow-wrap: anywhere }
dd i { display: block; width: 60mm; height: 4.5mm; border-bottom: .5pt solid #000 }
table { width: 100%; border-collapse: collapse }
th, td { text-align: left; vertical-align: top; border: .5pt solid #000; padding: .4mm 1.5mm; overflow-wrap: anywhere }
.tick { width: 6mm }
.line { white-space: nowrap }
.led td { border-width: .5pt 0; padding: .4mm 1.5mm .3mm 0; font-size: 8pt; line-height: 1.25 }
.led td:first-child { width: 30mm }
.led td:nth-child(2) { width: 21mm; overflow-wrap: normal }
svg { display: block; width: 28mm; margin-top: .4mm }
ol { margin: 0; padding-left: 6mm }
tr { break-inside: avoid }
`
