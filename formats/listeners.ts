/** Where a device listens on its relays: two ports that are one behind the other, and that each side works out from the first. */

/** A device's listeners on a relay's 127.0.0.1. @param port `listenerPort` of the device's configuration, `port` in the fleet file */
export function listenersOf(port: number): { shell: number; console: number } {
  return { shell: port, console: port + 1 }
}
