/** What is used of re2js. */
declare module 're2js' {
  export class RE2JS {
    static compile(expression: string): RE2JS
    matcher(text: string): { find(): boolean }
  }
}
