/** tools/need with the real dpkg and invoke-rc.d, on a copy of this machine's files that goes with the test. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite, type TestContext } from '../testbed/suite.ts'

const test = suite('need')
const ROOT = join(import.meta.dirname, '..')

/** Packages of a program and a service, the one as Debian packages it, the other as an init script alone. */
const PACKAGE = `
for name in oobm-one oobm-two; do
  mkdir -p /p/$name/DEBIAN /p/$name/usr/bin /p/$name/etc/init.d /p/$name/usr/lib/systemd/system
  printf 'Package: %s\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@x>\\nDescription: x\\n' $name >/p/$name/DEBIAN/control
  printf '#!/bin/sh\\n' | tee /p/$name/usr/bin/$name >/p/$name/usr/bin/$name-again
  printf '#!/bin/sh\\n### BEGIN INIT INFO\\n# Provides: %s\\n# Default-Start: 2 3 4 5\\n# Default-Stop:\\n### END INIT INFO\\necho %s "$1" >>/calls\\n' $name $name >/p/$name/etc/init.d/$name
  printf '[Service]\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n' >/p/$name/usr/lib/systemd/system/$name.service
  printf '#!/bin/sh\\nset -e\\ninvoke-rc.d --skip-systemd-native %s start\\n[ ! -e /during ] || . /during\\n' $name >/p/$name/DEBIAN/postinst
  chmod 755 /p/$name/DEBIAN/postinst /p/$name/usr/bin/* /p/$name/etc/init.d/*
  dpkg-deb -b /p/$name /p/$name.deb >/dev/null
done
`
/** An apt that has these two, and the real dpkg below it. */
const APT = `#!/bin/sh
for each in "$@"; do case $each in oobm-*) dpkg -i /p/$each.deb >>/apt.log 2>&1 || exit 100 ;; esac; done
`

/** Runs a script as root of such a copy, where apt has the two packages and nobody has said what may start. */
async function onCopy(context: TestContext, script: string): Promise<string> {
  const folder = await scratchDirectory(context)
  const at = (name: string) => join(folder, name)
  mkdirSync(at('memory'))
  writeFileSync(at('apt-get'), APT)
  chmodSync(at('apt-get'), 0o755)
  const setUp = `set -eu
mount -t tmpfs x '${at('memory')}'
cd '${at('memory')}'
mkdir changes work root
mount -t overlay x -o lowerdir=/,upperdir=changes,workdir=work root
mount -t proc x root/proc
mount --rbind /dev root/dev
mount -t tmpfs x root/run
mkdir root/run/systemd
cp '${at('apt-get')}' root/usr/local/sbin/apt-get
rm -f root/usr/sbin/policy-rc.d
exec chroot root sh -c "$1"`
  const inside = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private', 'sh', '-c', setUp, '-']
  const run = `set -eu\ncd '${ROOT}'\ntouch /calls\nneed() { sh tools/need "$@"; }\n${PACKAGE}\n${script}`
  const { code, stdout, stderr } = await runProgram('unshare', [...inside, run], {
    env: { PATH: `/usr/local/sbin:${process.env.PATH}:/usr/sbin:/sbin` },
    timeoutMs: 100_000,
  })
  assert.is(code, 0, stdout + stderr)
  return stdout
}

const TESTS: [name: string, script: string, said: string][] = [
  [
    'starts no service of what it installs, and takes its rule away',
    `echo 'ls /usr/sbin/policy-rc.d >>/calls' >/during
need oobm-one:oobm-one oobm-two:oobm-two 2>/dev/null; oobm-one; oobm-two; cat /calls; ls /usr/sbin/policy-rc.d 2>/dev/null || echo none`,
    '/usr/sbin/policy-rc.d\n/usr/sbin/policy-rc.d\nnone\n',
  ],
  [
    'lets what was here before start, as when it is upgraded',
    'dpkg -i /p/oobm-one.deb >/dev/null 2>&1; need oobm-two:oobm-two no-such-program:oobm-one 2>/dev/null; cat /calls',
    'oobm-one start\n',
  ],
  [
    'keeps the rule of somebody else',
    `printf '#!/bin/sh\\nexit 0\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d
need oobm-one:oobm-one 2>/dev/null; cat /calls; tail -n 1 /usr/sbin/policy-rc.d`,
    'oobm-one start\nexit 0\n',
  ],
  [
    'takes its rule away when it is interrupted, and when the installation fails',
    `echo 'ls /usr/sbin/policy-rc.d; kill -TERM $(pgrep -f "^sh tools/need")' >/during
need oobm-one:oobm-one 2>/dev/null || echo "exit $?"
cat /calls; ls /usr/sbin/policy-rc.d 2>/dev/null || echo none
echo 'exit 1' >/during
need oobm-two:oobm-two 2>/dev/null || echo "exit $?"
cat /calls; ls /usr/sbin/policy-rc.d 2>/dev/null || echo none`,
    'exit 143\nnone\nexit 100\nnone\n',
  ],
  [
    'after a kill -9 its rule forbids nothing',
    `echo 'kill -9 $(pgrep -f "^sh tools/need"); sleep 0.5' >/during
need oobm-one:oobm-one 2>/dev/null || echo "exit $?"
rm /during; ls /usr/sbin/policy-rc.d; sleep 1; dpkg -i /p/oobm-two.deb >/dev/null 2>&1; cat /calls`,
    'exit 137\n/usr/sbin/policy-rc.d\noobm-two start\n',
  ],
  [
    'leaves the name servers as they are, as a file and as a link, also when the installation fails',
    `rm -f /etc/resolv.conf; echo 'nameserver 192.0.2.1' >/etc/resolv.conf
echo 'mv /etc/resolv.conf /etc/old; ln -s ../run/nowhere /etc/resolv.conf' >/during
need oobm-one:oobm-one 2>/dev/null; cat /etc/resolv.conf
ln -sf /run/ours /etc/resolv.conf; echo exit 1 >>/during
need oobm-two:oobm-two 2>/dev/null || echo "exit $?"; readlink /etc/resolv.conf`,
    'nameserver 192.0.2.1\nexit 100\n/run/ours\n',
  ],
  [
    'leaves nothing enabled on a machine with systemd, and says so',
    `mkdir /run/systemd/system
printf '#!/bin/sh\\n[ "$1" != disable ] || echo "$*" >>/disabled\\n' >/usr/local/sbin/systemctl; chmod 755 /usr/local/sbin/systemctl
need oobm-one:oobm-one 2>&1; cat /disabled`,
    'installing oobm-one\nnot started, and not enabled: oobm-one.service (systemctl enable --now UNIT does both)\ndisable --quiet oobm-one.service\n',
  ],
]

for (const [name, script, said] of TESTS) {
  if (process.getuid?.() !== 0) test.skip(name, 'it installs packages in a throwaway root: needs root')
  else
    test(name, async context => {
      assert.is(await onCopy(context, script), said)
    })
}

test.run()
