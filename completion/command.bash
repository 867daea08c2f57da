# bash completion for @PROGRAM@

@TABLES@

# The names in the fleet file: of devices, technicians or consoles.
@FUNCTION@_names() {
  local at fleet=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    if [[ ${COMP_WORDS[at]} == --fleet ]]; then fleet=(--fleet "${COMP_WORDS[at + 1]}"); fi
  done
  "${COMP_WORDS[0]}" list "$1" "${fleet[@]}" 2>/dev/null | awk 'NR > 1 { print $1 }'
}

# Offers, one a line; capitals name a kind of value.
@FUNCTION@_offer() {
  local offers=$1 cur=$2 IFS=$'\n'
  case $offers in
    FILE | DIR)
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      compopt -o filenames 2>/dev/null
      return
      ;;
    DEVICE | CONSOLE | TECHNICIAN) offers=$(@FUNCTION@_names "${offers,,}s") ;;
    [A-Z[]*) return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$offers" -- "$cur")
}

@FUNCTION@() {
  local cur=${COMP_WORDS[COMP_CWORD]} path='' place=0 at before='' part offers
  COMPREPLY=()
  # Find the command and the place of the argument; options and their values do not count.
  for ((at = 1; at < COMP_CWORD; at++)); do
    part=${COMP_WORDS[at]}
    if [[ -n $(@FUNCTION@_value "$path:$before") ]]; then
      part=''
    elif [[ $part != -* ]]; then
      if ((place == 0)) && @FUNCTION@_commands "$path" | grep -qxF -e "$part"; then
        path="$path${path:+ }$part"
      else
        place=$((place + 1))
      fi
    fi
    before=$part
  done
  if [[ -z $path ]] && ((COMP_CWORD > 1)); then return; fi
  offers=$(@FUNCTION@_value "$path:$before")
  if [[ -z $offers && $cur != -* ]]; then
    if ((place == 0)); then offers=$(@FUNCTION@_commands "$path"); fi
    offers=${offers:-$(@FUNCTION@_argument "$path:$place")}
  fi
  @FUNCTION@_offer "${offers:-$(@FUNCTION@_options "$path")}" "$cur"
}

complete -F @FUNCTION@ @PROGRAM@
