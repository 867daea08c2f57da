/** Values of D-Bus as plain JavaScript: a variant is what it holds, a dictionary an object; pure. */
import { type CompleteType, ContainerTypeCode, type DictEntryType, parseTypes } from 'd-bus-type-system'

type AnyType = CompleteType | DictEntryType<never, never>

/** What the library parsed, with the types that it found. */
export function plainValue(type: AnyType, value: unknown): unknown {
  switch (type.typeCode) {
    case ContainerTypeCode.Variant: {
      const [inner, held] = value as [CompleteType, unknown]
      return plainValue(inner, held)
    }
    case ContainerTypeCode.Struct: {
      const fields = type.fieldTypes as readonly CompleteType[]
      return (value as unknown[]).map((field, at) => plainValue(fields[at] as CompleteType, field))
    }
    case ContainerTypeCode.Array: {
      const element = type.elementType as AnyType
      const items = value as unknown[]
      if (element.typeCode !== ContainerTypeCode.DictEntry) return items.map(item => plainValue(element, item))
      const valueType = element.valueType as CompleteType
      // Without a prototype: a key may be `__proto__`.
      const table: Record<string, unknown> = Object.create(null)
      for (const [key, held] of items as [unknown, unknown][]) table[String(key)] = plainValue(valueType, held)
      return table
    }
    default:
      return value
  }
}

/** A variant for the library: a value with the signature of its type. */
export function variant(signature: string, value: unknown): [CompleteType, unknown] {
  const [type] = parseTypes(signature)
  return [type, value]
}
