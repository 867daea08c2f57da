# Everything a developer types. `make` alone prints this help.
SHELL := /bin/sh
.DEFAULT_GOAL := help
NODE := node
# Test files run side by side (JOBS=2 for fewer): most of them wait most of the time, so one more than cores.
TEST_JOBS = $(shell n=$$(nproc); echo $$((n < 8 ? n + 1 : 8)))

LAB_NEEDS := socat:socat sshd:openssh-server ssh:openssh-client ssh-keygen:openssh-client setsid:util-linux setpriv:util-linux
# What the fault bench breaks the network with.
FAULTS_NEEDS := $(LAB_NEEDS) ip:iproute2 tc:iproute2 nft:nftables conntrack:conntrack unshare:util-linux prlimit:util-linux socat:socat \
	systemd-notify:systemd python3:python3 haproxy:haproxy squid:squid tinyproxy:tinyproxy $(if $(PEER),autossh:autossh)
TEST_NEEDS := $(FAULTS_NEEDS) sx:lrzsz age:age mount:mount script:bsdutils strace:strace socat:socat picocom:picocom ip:iproute2 nft:nftables vsftpd:vsftpd keepalived:keepalived tmux:tmux ps:procps \
	unshare:util-linux sudo:sudo plink:putty-tools putty:putty Xvfb:xvfb xdotool:xdotool shellcheck:shellcheck mandoc:mandoc dpkg-deb:dpkg espeak-ng:espeak-ng aplay:alsa-utils busybox:busybox openssl:openssl systemd-analyze:systemd systemd-socket-activate:systemd dbus-daemon:dbus-daemon dnsmasq:dnsmasq-base arping:iputils-arping ping:iputils-ping curl:curl tftp:tftp-hpa atftp:atftp curl:curl fallocate:util-linux nmap:nmap ModemManager:modemmanager /usr/lib/polkit-1/polkitd:polkitd pkcheck:polkitd udevadm:udev wpa_supplicant:wpasupplicant hostapd:hostapd readelf:binutils sfdisk:fdisk mke2fs:e2fsprogs /usr/lib/python3/dist-packages/asyncssh:python3-asyncssh \
	/usr/lib/python3/dist-packages/paramiko:python3-paramiko /usr/lib/python3/dist-packages/serial:python3-serial /usr/lib/python3/dist-packages/netmiko:python3-netmiko \
	/usr/lib/python3/dist-packages/pexpect:python3-pexpect ansible-playbook:ansible-core ser2net:ser2net dbclient:dropbear-bin ssh-audit:ssh-audit asciinema:asciinema promtool:prometheus prometheus:prometheus rsyslogd:rsyslog setpriv:util-linux /usr/lib/python3/dist-packages/jsonschema:python3-jsonschema ipmitool:ipmitool ipmi_sim:openipmi

# A real boot monitor, for the test of transfers: too large to ask of each developer.
MONITOR_NEEDS := qemu-system-arm:qemu-system-arm /usr/lib/u-boot/qemu_arm/u-boot.bin:u-boot-qemu

# The package of tayga starts its service: it is not asked of each developer.
NAT64_NEEDS := tayga:tayga dnsmasq:dnsmasq-base

# The package of snmpd starts its service, too.
SNMP_NEEDS := /usr/sbin/snmpd:snmpd snmpset:snmp

# The package of systemd-resolved takes over /etc/resolv.conf, which tools/need takes back: it is not asked of each developer.
MDNS_NEEDS := /usr/lib/systemd/systemd-resolved:systemd-resolved

# Chromium is 300 MB: not asked of each developer.
BROWSER_NEEDS := chromium:chromium

BENCH_NEEDS := $(LAB_NEEDS) ip:iproute2 unshare:util-linux script:bsdutils socat:socat python3:python3 picocom:picocom ser2net:ser2net \
	conserver:conserver-server console:conserver-client tio:tio

DEVICE_ARCHS := arm64 armhf armel amd64
# A Node.js that is not Debian's has its headers beside it. Looked for when a recipe begins: then there is a Node.js.
NODE_HEADERS = $(or $(wildcard $(dir $(realpath $(shell command -v node)))../include/node/node_api.h),/usr/include/node/node_api.h)
DEB_NEEDS = dpkg-deb:dpkg espeak-ng:espeak-ng arm-linux-gnueabi-g++:g++-arm-linux-gnueabi $(NODE_HEADERS):libnode-dev

.PHONY: help
help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{ printf "  make %-17s %s\n", $$1, $$2 }'

.PHONY: run
run: build ## the whole system on this machine: a relay, three devices, people, and things to break (PORT=/dev/ttyUSB0 for a real line)
	@tools/need $(LAB_NEEDS)
	@$(NODE) build/lib/lab.cjs $(if $(PORT),--port "$(PORT)")

.PHONY: test
test: build ## every test (ONLY=part-of-a-file-name for some, ALL=1 as in CI: none may be skipped, and what failed beside others runs once more alone)
	@tools/need-mounts
	@tools/need $(TEST_NEEDS) $(if $(ALL),$(DEB_NEEDS) $(MONITOR_NEEDS) $(NAT64_NEEDS) $(SNMP_NEEDS) $(MDNS_NEEDS) $(PAGE_PICTURE_NEEDS))
	@$(NODE) --import tsx tools/run-tests.ts --jobs $(or $(JOBS),$(TEST_JOBS)) $(if $(ALL),--no-skip --alone) $(ONLY)

.PHONY: unit
unit: node_modules/.ready ## the quick tests alone, with a sample of the random cases (ONLY=part-of-a-file-name, WATCH=1 again at each change)
	@$(NODE) --import tsx tools/run-tests.ts --unit $(if $(WATCH),--watch) $(ONLY)

.PHONY: hooks
hooks: node_modules/.ready ## check each commit before it is made (OFF=1 no longer)
	@tools/hooks/switch $(if $(OFF),off,on)

.PHONY: mutants
mutants: build ## which small changes of FOLDER=supervisor/proof no test notices (COUNT=60, SEED=1; see docs/mutation.md)
	@tools/need $(TEST_NEEDS)
	@$(NODE) --import tsx tools/mutants/main.ts --folder "$(FOLDER)" --count "$(or $(COUNT),60)" --seed "$(or $(SEED),1)" --jobs $(or $(JOBS),2)

# Options where they are set: the program has the defaults. Four faults at once leave two cores time enough.
given = $(if $($(1)),--$(2) "$($(1))")
SYSTEM_TEST = $(NODE) --import tsx system-tests/main.ts $(call given,CASE,case) $(call given,FROM,from) $(call given,UNTIL,until) \
	$(call given,CUTS,cuts) $(call given,RUNS,runs) $(call given,PEER,peer) $(call given,SEED,seed) $(call given,MINUTES,minutes) \
	--jobs "$(or $(JOBS),4)" $(if $(FULL),--full) $(if $(DOC),--doc)

# The whole set for all boards; each needs one of them.
QEMU_NEEDS := qemu-system-aarch64:qemu-system-arm qemu-system-x86_64:qemu-system-x86 mcopy:mtools ssh:openssh-client sshd:openssh-server \
	ip:iproute2 sfdisk:fdisk debugfs:e2fsprogs modprobe:kmod modinfo:kmod
APPLIANCE_NEEDS := mmdebstrap:mmdebstrap qemu-system-x86_64:qemu-system-x86 sfdisk:fdisk mke2fs:e2fsprogs mkfs.vfat:dosfstools
CONSOLE_TEST_NEEDS := qemu-system-x86_64:qemu-system-x86 debugfs:e2fsprogs mcopy:mtools sfdisk:fdisk nbdkit:nbdkit ss:iproute2
SETTINGS_TEST_NEEDS := $(QEMU_NEEDS) debugfs:e2fsprogs nbdkit:nbdkit
UPLINK_NEEDS := $(QEMU_NEEDS) $(WIFI_NEEDS) age:age
SITE_NEEDS := $(QEMU_NEEDS) nmap:nmap dnsmasq:dnsmasq-base curl:curl busybox:busybox
WIFI_NEEDS := mmdebstrap:mmdebstrap qemu-system-x86_64:qemu-system-x86 debugfs:e2fsprogs mcopy:mtools sfdisk:fdisk partx:util-linux xz:xz-utils openssl:openssl
CONTAINER_NEEDS := mmdebstrap:mmdebstrap systemd-nspawn:systemd-container nsenter:util-linux
FRESH_NEEDS := $(CONTAINER_NEEDS) slirp4netns:slirp4netns git:git
SYSTEM_TEST_NEEDS_pi3 := $(QEMU_NEEDS)
SYSTEM_TEST_NEEDS_zero-w := $(QEMU_NEEDS)
SYSTEM_TEST_NEEDS_vm := $(QEMU_NEEDS) $(APPLIANCE_NEEDS) $(CONSOLE_TEST_NEEDS) $(SETTINGS_TEST_NEEDS) $(UPLINK_NEEDS) $(SITE_NEEDS)
SYSTEM_TEST_NEEDS_trixie := $(TEST_NEEDS) $(FRESH_NEEDS)
SYSTEM_TEST_NEEDS_bookworm := $(FRESH_NEEDS)
SYSTEM_TEST_NEEDS_netns := $(FAULTS_NEEDS)

.PHONY: system-test
system-test: build $(if $(filter trixie,$(ON)),$(if $(filter fresh,$(SUBJECT)),,deb)) ## whole machines: ON=pi3, zero-w, vm, trixie, bookworm or netns; SUBJECT= and CASE=part-of-a-name choose (root; docs/system-tests.md)
	@$(if $(ON),tools/need $(SYSTEM_TEST_NEEDS_$(ON)))
	@$(SYSTEM_TEST) --on "$(ON)" --subject "$(SUBJECT)"

.PHONY: relay-test-trixie
relay-test-trixie: deb ## the dedicated relay on Debian 13, booted with its systemd (root, the network, two minutes)
	@tools/need $(TEST_NEEDS) $(CONTAINER_NEEDS)
	@$(SYSTEM_TEST) --on trixie --subject relay-package

.PHONY: device-test
device-test: deb-device ## the package on Debian 13, booted with its systemd: reached through a relay, and with a boot partition (root, the network, five minutes)
	@tools/need $(CONTAINER_NEEDS)
	@$(SYSTEM_TEST) --on trixie --subject device-package

.PHONY: appliance-test
appliance-test: node_modules/.ready ## a card through all that it meets in the field, in QEMU (root, the network, an hour without KVM; CUTS=20, CASE=part-of-a-name)
	@tools/need $(APPLIANCE_NEEDS)
	@$(SYSTEM_TEST) --on vm --subject appliance

.PHONY: fresh-test
fresh-test: node_modules/.ready ## what README and docs/first-device.md promise, on a Debian 12 and a Debian 13 without anything else (root, the network, an hour; ON=bookworm or trixie, FROM= and UNTIL=run, test, deb or image)
	@tools/need $(FRESH_NEEDS)
	@failed=; for suite in $(or $(ON),bookworm trixie); do $(SYSTEM_TEST) --on $$suite --subject fresh || failed=1; done; [ -z "$$failed" ]

.PHONY: lint
lint: node_modules/.ready ## types, style and shell scripts
	@tools/need shellcheck:shellcheck
	@npx --no-install tsc
	@npx --no-install tsc -p relay-config/operator/desk/browser
	@npx --no-install biome check --error-on-warnings .
	@git ls-files -z | xargs -0 grep -lsE '^#!/bin/(ba)?sh' | xargs -r shellcheck

.PHONY: format
format: node_modules/.ready ## put the source into its form
	@npx --no-install biome check --write .

.PHONY: picture
picture: node_modules/.ready ## draw the pictures of the docs again, from a lab that runs
	@tools/need $(LAB_NEEDS) tmux:tmux plink:putty-tools
	@$(NODE) --import tsx lab/picture/main.ts

.PHONY: desk-picture
desk-picture: build ## draw the README's picture of the desk again, docs/pictures/desk.png, from a lab and a real browser
	@tools/need $(LAB_NEEDS) $(BROWSER_NEEDS)
	@$(NODE) --import tsx lab/picture/take-desk-picture.ts

.PHONY: bench
bench: build ## measure what the product costs, beside what one would use instead (ROW=keystroke, load, desk, memory, start, cpu, idle, proof, uplink, router, wire or storm; docs/performance.md)
	@tools/need $(BENCH_NEEDS) $(BROWSER_NEEDS)
	@ROW="$(ROW)" $(NODE) --import tsx lab/bench/main.ts

.PHONY: faults
faults: build ## break the network, the relay and the device in every way, and measure how it heals (root; ROW=name or ci, RUNS=5, JOBS=4, PEER=autossh, FULL=1, DOC=1)
	@tools/need $(FAULTS_NEEDS) $(NAT64_NEEDS)
	@$(SYSTEM_TEST) --on netns --subject faults $(call given,ROW,case)

.PHONY: soak-transcript
soak-transcript: node_modules/.ready ## a console's transcript under load, unplugging and kills: MB=100, by SEED
	@MB=$(or $(MB),100) SEED=$(SEED) node --import tsx console-bridge/transcript-soak.itest.ts

.PHONY: soak
soak: build ## faults at random for MINUTES=20, by SEED=7: ready at the end, and nothing left behind (root)
	@tools/need $(FAULTS_NEEDS)
	@$(SYSTEM_TEST) --on netns --subject soak

.PHONY: docs
docs: node_modules/.ready ## write the examples in docs/ again, from the schemas of the files
	@$(NODE) --import tsx packaging/write-docs.ts

FIELD_PAGE_NEEDS := rsvg-convert:librsvg2-bin /usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf:fonts-ipaexfont-gothic

.PHONY: field-pages
field-pages: node_modules/.ready ## draw the printed pages for field staff again, docs/field/, from the table of states
	@tools/need $(FIELD_PAGE_NEEDS)
	@$(NODE) --import tsx packaging/field-pages/write.ts

PAGE_PICTURE_NEEDS := $(BROWSER_NEEDS) /usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf:fonts-ipaexfont-gothic

.PHONY: page-pictures
page-pictures: node_modules/.ready ## the page for field staff as a phone shows it, every state in both languages, into build/page-pictures/
	@tools/need $(PAGE_PICTURE_NEEDS)
	@$(NODE) --import tsx device/page/testing/take-pictures.ts

.PHONY: desk-pictures
desk-pictures: build ## the pages of the desk in both languages and themes, as a screen and a phone show them, from a lab into build/desk-pictures/
	@tools/need $(LAB_NEEDS) $(PAGE_PICTURE_NEEDS)
	@OOBM_DESK_PICTURES=build/desk-pictures $(NODE) --import tsx lab/desk-look.itest.ts
	@OOBM_DESK_PICTURES=build/desk-pictures $(NODE) --import tsx lab/desk-console.itest.ts

.PHONY: desk-figures
desk-figures: build ## what the desk costs in a real browser: a thousand devices, and a console that floods
	@tools/need $(LAB_NEEDS) $(BROWSER_NEEDS)
	@$(NODE) --import tsx relay-config/operator/desk/testing/measure-desk.ts
	@$(NODE) --import tsx relay-config/operator/desk/testing/measure-flood.ts

.PHONY: build
build: node_modules/.ready ## bundle each program into build/lib
	@$(NODE) --import tsx tools/bundle.ts

.PHONY: deb
deb: build ## the Debian packages of relay, desk (for this machine's architecture) and device, into build/
	@tools/need $(DEB_NEEDS)
	@$(NODE) --import tsx packaging/build-deb.ts
	@$(if $(DESK_ARCH),$(NODE) --import tsx packaging/build-deb.ts --desk)
	@$(NODE) --import tsx packaging/build-deb.ts $(DEVICE_ARCHS:%=--device %)

# Terminals in a browser need a native part, which npm has for these.
DESK_ARCH = $(filter x64 arm64,$(shell $(NODE) -p process.arch))

.PHONY: deb-device
deb-device: build ## the device's package alone (ARCH=arm64, armhf, armel or amd64)
	@tools/need $(if $(filter armel,$(ARCH)),$(DEB_NEEDS),dpkg-deb:dpkg espeak-ng:espeak-ng)
	@$(NODE) --import tsx packaging/build-deb.ts --device $(or $(ARCH),$(shell dpkg --print-architecture))

IMAGE_NEEDS := mmdebstrap:mmdebstrap espeak-ng:espeak-ng arch-test:arch-test unshare:util-linux flock:util-linux bmaptool:bmap-tools xz:xz-utils zstd:zstd tar:tar
# Programs of a foreign board run here while its image is made; amd64 needs none of it.
EMULATION_NEEDS := /usr/bin/qemu-aarch64-static:qemu-user-static update-binfmts:binfmt-support

.PHONY: image
image: node_modules/.ready ## a card image (BOARD=pi3, zero-w or vm; BASE=raspios PI_GEN=folder for Raspberry Pi OS)
ifeq ($(BASE),raspios)
	@image/build/with-pi-gen "$(or $(BOARD),pi3)" "$(PI_GEN)"
else
	@tools/need-mounts
	@tools/need $(IMAGE_NEEDS) $(if $(filter vm,$(BOARD)),,$(EMULATION_NEEDS))
	@mkdir -p build/image
	@flock "build/image/$(or $(BOARD),pi3).lock" $(NODE) --import tsx image/build/main.ts --board "$(or $(BOARD),pi3)" --base "$(or $(BASE),debian)" \
		$(if $(COMPRESS),--compress "$(COMPRESS)") $(if $(URL),--url "$(URL)") $(if $(KEEP_BASE),--keep-base) $(if $(MIRROR),--mirror "$(MIRROR)")
endif

.PHONY: image-test
image-test: build ## boot the image of BOARD on an emulated board, with a relay and a technician (root; CUTS=20 pulls the plug instead, UNTIL=first-boot is the beginning)
	@tools/need $(QEMU_NEEDS)
	@$(SYSTEM_TEST) --on "$(or $(BOARD),pi3)" --subject image $(if $(CUTS),--case "power cuts",$(if $(UNTIL),,--until upgrade))

.PHONY: wifi-test
wifi-test: build ## every kind of network login, by the image for BOARD=vm on simulated radios in QEMU (root, the network, a quarter of an hour; CASE=part-of-a-name)
	@tools/need $(WIFI_NEEDS)
	@$(SYSTEM_TEST) --on vm --subject wifi

.PHONY: console-test
console-test: node_modules/.ready ## serial consoles of the image for BOARD=vm, in QEMU: power cuts of a transcript, DTR, RTS and BREAK, names by USB port (root, an hour; CUTS=20, CASE=part-of-a-name)
	@tools/need $(CONSOLE_TEST_NEEDS)
	@$(SYSTEM_TEST) --on vm --subject console

.PHONY: settings-test
settings-test: build ## settings from afar on the image for BOARD=vm, in QEMU with a relay: power cuts until they are decided (root, an hour; CUTS=20)
	@tools/need $(SETTINGS_TEST_NEEDS)
	@$(SYSTEM_TEST) --on vm --subject settings

.PHONY: uplink-test
uplink-test: build ## the ways out of the image for BOARD=vm, in QEMU with a relay: USB modems and Wi-Fi in the place of a cable, two access points of one network, settings that change the Wi-Fi (root, the network, an hour; CASE=part-of-a-name)
	@tools/need $(UPLINK_NEEDS)
	@$(SYSTEM_TEST) --on vm --subject uplinks

.PHONY: site-test
site-test: build ## the image for BOARD=vm with two network cards and a sound card, in QEMU with a relay: roles of a wired port, the page, an outlet, the voice (root, half an hour; CASE=part-of-a-name)
	@tools/need $(SITE_NEEDS)
	@$(SYSTEM_TEST) --on vm --subject site

.PHONY: lint-deb
lint-deb: deb ## what Debian would say of the packages (a minute on a slow machine)
	@tools/need lintian:lintian
	@lintian --allow-root --fail-on error,warning build/oobm-relay_*_all.deb $(if $(DESK_ARCH),build/oobm-desk_*.deb) $(DEVICE_ARCHS:%=build/oobm-device_*_%.deb)

.PHONY: clean
clean: ## remove what was built and installed here
	@rm -rf build node_modules .lab || { echo "A build without root left files of other users: sudo make clean" >&2; exit 1; }

node_modules/.ready: package.json package-lock.json .npmrc
	@tools/need-node
	@npm ci --loglevel=error
	@touch $@
