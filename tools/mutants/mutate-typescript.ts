/** Changes of a TypeScript file by its syntax tree: what a slip of the hand, or of the mind, would have written. */
import { resolve } from 'node:path'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'
import type { Mutant } from './mutant.ts'

/** Comparisons at their boundary and turned around, and what joins two values. */
const OPERATORS: Partial<Record<SyntaxKind, string[]>> = {
  [SyntaxKind.EqualsEqualsEqualsToken]: ['!=='],
  [SyntaxKind.ExclamationEqualsEqualsToken]: ['==='],
  [SyntaxKind.LessThanToken]: ['<=', '>='],
  [SyntaxKind.LessThanEqualsToken]: ['<', '>'],
  [SyntaxKind.GreaterThanToken]: ['>=', '<='],
  [SyntaxKind.GreaterThanEqualsToken]: ['>', '<'],
  [SyntaxKind.AmpersandAmpersandToken]: ['||'],
  [SyntaxKind.BarBarToken]: ['&&'],
  [SyntaxKind.QuestionQuestionToken]: ['&&'],
  [SyntaxKind.PlusToken]: ['-'],
  [SyntaxKind.MinusToken]: ['+'],
  [SyntaxKind.AsteriskToken]: ['/'],
  [SyntaxKind.SlashToken]: ['*'],
  [SyntaxKind.PlusEqualsToken]: ['-='],
  [SyntaxKind.MinusEqualsToken]: ['+='],
}

/** Methods that give something of the same kind as they are called on. */
const PASSED_THROUGH = /^(filter|slice|trim|sort|toSorted|reverse|toReversed|toLowerCase|catch|finally)$/

/** Where a change is none of the program's behaviour: types, names of modules and keys. */
const WITHOUT = new Set<SyntaxKind>([
  SyntaxKind.ImportDeclaration,
  SyntaxKind.ExportDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
  SyntaxKind.LiteralType,
  SyntaxKind.TypeLiteral,
  SyntaxKind.TypeReference,
])

/** @param files below the current folder, all of the project there */
export function mutateTypescript(files: readonly string[]): Mutant[] {
  if (files.length === 0) return []
  const api = new API({ cwd: process.cwd() })
  try {
    const [project] = api.updateSnapshot({ openProjects: [resolve('tsconfig.json')] }).getProjects()
    return files.flatMap(file => {
      const source = project?.program.getSourceFile(resolve(file))
      if (!source) throw new Error(`${file} is no part of tsconfig.json`)
      const lines = lineStarts(source.text)
      return changesIn(source, source.text).map(change => ({
        file,
        line: lines.findLastIndex(start => start <= change.start) + 1,
        ...change,
      }))
    })
  } finally {
    api.close()
  }
}

type Change = Pick<Mutant, 'start' | 'end' | 'replacement'>

function changesIn(root: Node, text: string): Change[] {
  const changes: Change[] = []
  const visit = (node: Node): void => {
    if (WITHOUT.has(node.kind)) return
    const children: Node[] = []
    node.forEachChild(child => void children.push(child))
    const start = node.getStart()
    const replace = (target: Node, ...replacements: string[]) => {
      for (const replacement of replacements) changes.push({ start: target.getStart(), end: target.end, replacement })
    }
    const [first, second, third] = children
    switch (node.kind) {
      case SyntaxKind.BinaryExpression:
        if (second) replace(second, ...(OPERATORS[second.kind] ?? []))
        break
      case SyntaxKind.IfStatement:
      case SyntaxKind.WhileStatement:
      case SyntaxKind.ConditionalExpression:
        if (first) replace(first, `!(${first.getText()})`)
        break
      case SyntaxKind.PrefixUnaryExpression:
        if (first && text[start] === '!') replace(node, first.getText())
        break
      case SyntaxKind.TrueKeyword:
        replace(node, 'false')
        break
      case SyntaxKind.FalseKeyword:
        replace(node, 'true')
        break
      case SyntaxKind.NumericLiteral:
        replace(node, `(${node.getText()} + 1)`)
        break
      case SyntaxKind.StringLiteral:
      case SyntaxKind.NoSubstitutionTemplateLiteral:
        replace(node, node.end - start > 2 ? "''" : "'x'")
        break
      case SyntaxKind.RegularExpressionLiteral:
        if (text[start + 1] === '^') replace(node, `/${node.getText().slice(2)}`)
        replace(node, node.getText().replace(/\$(?=\/\w*$)/, ''))
        break
      case SyntaxKind.AwaitExpression:
        if (first) replace(node, first.getText())
        break
      case SyntaxKind.ExpressionStatement:
      case SyntaxKind.ThrowStatement:
      case SyntaxKind.BreakStatement:
      case SyntaxKind.ContinueStatement:
        replace(node, ';')
        break
      case SyntaxKind.ReturnStatement:
        if (first === undefined) replace(node, ';')
        break
      case SyntaxKind.CallExpression: {
        // `list.filter(…)` becomes `list`.
        const inner: Node[] = []
        if (first?.kind === SyntaxKind.PropertyAccessExpression) first.forEachChild(child => void inner.push(child))
        const name = inner.at(-1)
        if (inner[0] && name && PASSED_THROUGH.test(name.getText())) replace(node, inner[0].getText())
        break
      }
      case SyntaxKind.FunctionDeclaration:
      case SyntaxKind.MethodDeclaration:
      case SyntaxKind.FunctionExpression:
      case SyntaxKind.ArrowFunction: {
        const body = children.find(child => child.kind === SyntaxKind.Block)
        if (body && body.end - body.getStart() > 2) changes.push(atStartOf(body, 'return;'))
        break
      }
      case SyntaxKind.PropertyAssignment:
        // The key, which may be quoted, is no literal.
        for (const child of [second, third]) if (child) visit(child)
        return
      default:
    }
    children.forEach(visit)
  }
  visit(root)
  return changes.filter(({ start, end, replacement }) => text.slice(start, end) !== replacement)
}

function atStartOf(block: Node, statement: string): Change {
  const at = block.getStart() + 1
  return { start: at, end: at, replacement: ` ${statement}` }
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
}
