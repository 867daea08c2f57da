// Stands in for the native epoll package; see docs/decisions/0001-no-install-scripts.md.
'use strict'

class Epoll {
  constructor() {
    throw new Error('GPIO interrupts are not available in this build: an LED needs none')
  }
}

module.exports = { Epoll }
