/** Makes elements. What anybody else says becomes text and never HTML. */

type Attributes = Record<string, string | number | boolean | undefined | ((event: Event) => void)>
type Child = Node | string | undefined | false | readonly Child[]

/** A function is a listener: `onclick`. `false` and undefined leave an attribute out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
  }
  add(element, children)
  return element
}

function add(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === false) continue
    if (typeof child === 'string' || child instanceof Node) element.append(child)
    else add(element, child)
  }
}

/** The same for a drawing. */
export function svg(
  tag: string,
  attributes: Record<string, string | number>,
  ...children: (Node | string)[]
): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}
