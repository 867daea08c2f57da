/** `oobm-relay add`: puts a device, a technician or a console into the fleet file. */
import { defineCommand } from '../command.ts'
import {
  addConsole,
  addDevice,
  addTechnician,
  CONSOLE_OPTIONS,
  DEVICE_OPTIONS,
  TECHNICIAN_OPTIONS,
} from '../edit/add-entry.ts'

export const add = defineCommand({
  summary: 'add a device, technician or console to the fleet file',
  details: ['The rest of the file, with its comments, stays as it is.'],
  commands: {
    device: defineCommand({
      summary: 'add a device to the fleet file, with or without a console',
      arguments: [{ value: 'NAME', help: 'the name of the device' }],
      options: { ...DEVICE_OPTIONS, ...CONSOLE_OPTIONS },
      examples: ['add device tokyo-rack1 --console core-sw1 --path /dev/serial/by-id/...'],
      run: addDevice,
    }),
    technician: defineCommand({
      summary: 'add a technician to the fleet file',
      arguments: [{ value: 'NAME', help: 'the name of the technician' }],
      options: TECHNICIAN_OPTIONS,
      examples: ['add technician alice --key alice.pub --consoles core-sw1'],
      run: addTechnician,
    }),
    console: defineCommand({
      summary: 'add a console to a device in the fleet file',
      arguments: [
        { value: 'DEVICE', help: 'the device that the console is plugged into' },
        { value: 'NAME', help: 'the name of the console' },
      ],
      options: CONSOLE_OPTIONS,
      run: addConsole,
    }),
  },
})
