/** The shells that are supported. */
export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** The output of `pg-evict __complete` that makes the shell complete the names of files. */
export const filesMark = ':files';

// The scripts call the command by the name that was typed, so that a project's own pg-evict completes itself.
const bash = `# pg-evict completion for bash: eval "$(pg-evict completion bash)"
_pg_evict() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = '${filesMark}' ]; then
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$2")
      compopt -o filenames 2>/dev/null
      return
    fi
    COMPREPLY+=("$line")
  done < <("$1" __complete bash "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _pg_evict pg-evict
`;

const zsh = `#compdef pg-evict
# pg-evict completion for zsh: eval "$(pg-evict completion zsh)", or as _pg-evict in a folder of $fpath
_pg_evict() {
  local -a lines described
  local line word
  lines=("\${(@f)$("\${(Q)words[1]}" __complete zsh "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${lines[1]} == '${filesMark}' ]]; then
    _files
    return
  fi
  for line in $lines; do
    word=\${line%%$'\\t'*}
    [[ -n $word ]] || continue
    [[ $word == "$line" ]] && described+=("\${word//:/\\\\:}") || described+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe 'pg-evict' described
}
if [[ \${funcstack[1]} == _pg[-_]evict ]]; then
  _pg_evict "$@"
else
  compdef _pg_evict pg-evict
fi
`;

const fish = `# pg-evict completion for fish: pg-evict completion fish | source
function __pg_evict_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l lines ($words[1] __complete fish $words[2..-1] "$current" 2>/dev/null)
  if test "$lines[1]" = '${filesMark}'
    __fish_complete_path "$current"
  else
    printf '%s\\n' $lines
  end
end
complete -c pg-evict -f -a '(__pg_evict_complete)'
`;

/** The script that makes a shell complete the command. */
export const scriptFor: Readonly<Record<Shell, string>> = { bash, zsh, fish };
