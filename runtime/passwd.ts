/** The system's accounts and groups, as passwd(5) and group(5) have them. */

export interface PasswdEntry {
  name: string
  uid: number
  gid: number
  comment: string
  shell: string
}

export interface GroupEntry {
  name: string
  gid: number
  members: string[]
}

export function parsePasswd(text: string): PasswdEntry[] {
  return text.split('\n').flatMap(line => {
    const [name, , uid, gid, comment = '', , shell = ''] = line.split(':')
    return name && uid ? [{ name, uid: Number(uid), gid: Number(gid), comment, shell }] : []
  })
}

export function parseGroup(text: string): GroupEntry[] {
  return text.split('\n').flatMap(line => {
    const [name, , gid, members = ''] = line.split(':')
    return name && gid ? [{ name, gid: Number(gid), members: members.split(',').filter(member => member !== '') }] : []
  })
}
