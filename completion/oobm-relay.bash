# bash completion for oobm-relay

@TABLES@

# The names in the fleet file: of devices, technicians or consoles.
_oobm_relay_names() {
  local at fleet=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    if [[ ${COMP_WORDS[at]} == --fleet ]]; then fleet=(--fleet "${COMP_WORDS[at + 1]}"); fi
  done
  "${COMP_WORDS[0]}" list "$1s" "${fleet[@]}" 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_oobm_relay_reply() {
  local IFS=$'\n'
  # shellcheck disable=SC2207 # one a line
  COMPREPLY=($(compgen -W "$1" -- "$2"))
}

_oobm_relay() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word=${COMP_WORDS[1]}
  local value kinds at place=0
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _oobm_relay_reply "$(_oobm_relay_words)" "$cur"
    return
  fi
  value=$(_oobm_relay_value "$word" "$prev")
  case $value in
    '') ;;
    FILE* | DIR)
      # shellcheck disable=SC2207
      COMPREPLY=($(compgen -f -- "$cur"))
      compopt -o filenames 2>/dev/null
      return
      ;;
    -) return ;;
    *)
      _oobm_relay_reply "${value//|/$'\n'}" "$cur"
      return
      ;;
  esac
  if [[ $cur == -* ]]; then
    _oobm_relay_reply "$(_oobm_relay_options "$word")" "$cur"
    return
  fi
  # Which of the word's names this is: options and their values do not count.
  for ((at = 2; at < COMP_CWORD; at++)); do
    if [[ ${COMP_WORDS[at]} != -* && -z $(_oobm_relay_value "$word" "${COMP_WORDS[at - 1]}") ]]; then
      place=$((place + 1))
    fi
  done
  kinds=$(_oobm_relay_kinds "$word")
  if [[ $kinds == DEVICE ]]; then
    ((place > 0)) || _oobm_relay_reply "$(_oobm_relay_names device)" "$cur"
  elif ((place == 0)); then
    _oobm_relay_reply "$kinds" "$cur"
  elif ((place == 1)); then
    case $word:${COMP_WORDS[2]} in
      add:console) _oobm_relay_reply "$(_oobm_relay_names device)" "$cur" ;;
      remove:* | rename:*) _oobm_relay_reply "$(_oobm_relay_names "${COMP_WORDS[2]}")" "$cur" ;;
    esac
  fi
}

complete -F _oobm_relay oobm-relay
