// Stands in for the native epoll package; see docs/decisions/0001-no-install-scripts.md.
'use strict'

/** onoff makes one for every pin, outputs too, and adds a file to it only when somebody watches an input. */
class Epoll {
  add() {
    throw new Error('GPIO interrupts are not available in this build: an LED needs none')
  }
}

Epoll.EPOLLPRI = 2

module.exports = { Epoll }
