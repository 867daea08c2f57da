# bash completion for oobm

_oobm_offers() {
  case $1 in
@CASES@
  esac
}

_oobm() {
  local cur=${COMP_WORDS[COMP_CWORD]} offer plain=()
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '@COMMANDS@ --help --version' -- "$cur")
    return
  fi
  for offer in $(_oobm_offers "${COMP_WORDS[1]}"); do
    case $offer in
      FILE | DIR)
        compopt -o filenames 2>/dev/null
        [[ $cur == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        ;;
      *) plain+=("$offer") ;;
    esac
  done
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "${plain[*]}" -- "$cur")
}

complete -F _oobm oobm
