#!/bin/bash -e
# Who may log in, and what starts; pi-gen gives this to bash on stdin, so that no command here may read that.
: "${FIRST_USER_NAME:?}"

# Nobody with a password: neither root nor the user that pi-gen makes, whose name config says.
usermod --password '*' root
if [ "$FIRST_USER_NAME" = firstboot ] && id firstboot >/dev/null 2>&1; then
	userdel --remove firstboot 2>/dev/null
fi

enabled=(
	systemd-networkd systemd-resolved systemd-timesyncd ssh
	oobm-provision oobm-people.service oobm-people.path oobm-lines.service oobm-lines.path oobm-outlets.service oobm-outlets.path oobm-files.service oobm-files.path oobm-apply.path oobm-apply.service oobm-card oobm-supervisor oobm-console oobm-modem oobm-say.service oobm-say.path
)
systemctl enable "${enabled[@]}"

# Of Debian: logins at screens and serial lines, upkeep of disks and packages that nobody writes here, keys that provisioning brings.
masked=(
	getty.target systemd-logind.service
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service man-db.timer
	systemd-networkd-wait-online.service systemd-pstore.service systemd-rfkill.service systemd-rfkill.socket
	remote-fs.target sshd-keygen.service wpa_supplicant.service
	# It would listen on every address: oobm-ftp@.service runs it on local ones alone.
	vsftpd.service
	# udev sets the volume of a card that comes (90-alsa-restore.rules); nobody changes it here, so nothing is kept.
	alsa-restore.service alsa-state.service
)
# Of Raspberry Pi OS: another network, first-boot wizards, and devices that are off.
masked+=(
	NetworkManager.service NetworkManager-wait-online.service NetworkManager-dispatcher.service dhcpcd.service networking.service
	userconfig.service cloud-init.target cloud-init-main.service rpi-resize.service regenerate_ssh_host_keys.service sshswitch.service
	bluetooth.service hciuart.service avahi-daemon.service avahi-daemon.socket triggerhappy.service
	rpi-eeprom-update.service rpi-zram-writeback.timer dphys-swapfile.service keyboard-setup.service console-setup.service
	wayvnc.service rpi-setup-loop@var-swap.service
)
systemctl mask "${masked[@]}"
# It runs while oobm-modem wants it.
systemctl disable ModemManager
# Consoles of the kernel's command line get no login either, and sshd listens where its configuration says.
mkdir -p /etc/systemd/system-generators
for generator in systemd-getty-generator systemd-ssh-generator; do ln -sf /dev/null "/etc/systemd/system-generators/$generator"; done
