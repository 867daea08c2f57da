/** vsftpd's configuration (vsftpd.conf(5)) for one local address, which its unit adds; pure. */

/** What is served, in the unit's own view of the file system. */
const ROOT = '/srv/ftp'
/** Passive data connections: as many as clients, on the ports that a firewall between has to open. */
export const FTP_PASSIVE = { min: 30_000, max: 30_099 } as const

/** The second of two characters, but "." and what patterns are made of: vsftpd knows no sets of characters. */
const AFTER_DOT = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+=~@#$%^&()[]:;!'

export function vsftpdConf({ upload }: { upload: boolean }): string {
  const yes = (value: boolean) => (value ? 'YES' : 'NO')
  return `# Made by oobm files settle.
listen=YES
listen_ipv6=NO
background=NO
ftpd_banner=Files of the out-of-band console. Log in as anonymous.
# Anybody at a local address, by either name; the password may be any.
anonymous_enable=YES
local_enable=NO
no_anon_password=NO
ftp_username=oobm-drop
nopriv_user=oobm-drop
anon_root=${ROOT}
secure_chroot_dir=/run/oobm-ftp-empty
# What is not for everybody to read is not given, and so no upload.
anon_world_readable_only=YES
write_enable=${yes(upload)}
anon_upload_enable=${yes(upload)}
anon_mkdir_write_enable=NO
anon_other_write_enable=NO
anon_umask=0137
file_open_mode=0666
delete_failed_uploads=YES
chmod_enable=NO
ls_recurse_enable=NO
hide_ids=YES
hide_file={lost+found,.*}
# Also from those who know the name. It is held against the last part of a path alone, and ".." must pass.
deny_file={.??*,${[...AFTER_DOT].map(character => `.${character}`).join(',')}}
dirmessage_enable=NO
# Data connections to and from the client alone: nobody is attacked by way of this server.
port_enable=YES
connect_from_port_20=NO
port_promiscuous=NO
pasv_promiscuous=NO
pasv_min_port=${FTP_PASSIVE.min}
pasv_max_port=${FTP_PASSIVE.max}
max_clients=32
max_per_ip=8
accept_timeout=30
connect_timeout=30
idle_session_timeout=120
data_connection_timeout=60
max_login_fails=3
tcp_wrappers=NO
# oobm-drop makes the history of it.
xferlog_enable=YES
xferlog_std_format=NO
log_ftp_protocol=YES
no_log_lock=YES
# It has a file system of its own from systemd; these would need a capability for namespaces.
isolate=NO
isolate_network=NO
`
}
