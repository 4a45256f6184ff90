# Completion of hypervisor-tui for bash: below share/bash-completion/completions, or sourced.
_hypervisor_tui() {
	local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]}
	# bash takes --screen=logs for three words.
	if [[ $word == = ]]; then
		word=
	elif [[ $flag == = ]]; then
		flag=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $flag in
	--config | --tty)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	--screen) mapfile -t COMPREPLY < <(compgen -W 'logs dashboard network nodes checks' -- "$word") ;;
	--size) mapfile -t COMPREPLY < <(compgen -W '80x24 132x43 200x60' -- "$word") ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W '--config --screen --tty --once --size --json --metrics --at --history --plain --record --serve --listen --act --undo --plugin --blink --check --version --help' -- "$word")
		;;
	esac
}
complete -F _hypervisor_tui hypervisor-tui
