# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of doppel's command line for bash. Options and their values come from the program itself, so they are those
# of the version that is installed.

# The first word of each line of a list, without its heading, up to an empty line.
_doppel_first_words() {
    "$@" 2>/dev/null | sed -n -e '/:$/d' -e '/^$/q' -e 's/^ *\(name "\)\{0,1\}\([A-Za-z0-9][A-Za-z0-9_.-]*\).*/\2/p'
}

_doppel() {
    local program=$1 word=$2 before=$3 choices=
    COMPREPLY=()
    case $before in
        -machine|-M) choices=$(_doppel_first_words "$program" -machine help);;
        -cpu) choices=$(_doppel_first_words "$program" -machine virt -cpu help);;
        -device) choices=$(_doppel_first_words "$program" -machine virt -device help);;
        -accel) choices=$(_doppel_first_words "$program" -accel help);;
        -d) choices=$("$program" -d help 2>&1 | sed -n 's/^ *\([a-z_]*\) .*/\1/p');;
        -target) choices='riscv64 riscv32 aarch64 arm';;
        -serial|-monitor) choices='mon:stdio stdio none null pty file: tcp: unix: chardev:';;
        -netdev|-nic) choices='user, socket, stream, dgram, tap, none';;
        -chardev) choices='stdio, file, pty, socket, pipe, ringbuf, null,';;
        *)
            case $word in
                -*) choices=$("$program" --help 2>/dev/null | sed -n 's/^  \(-[a-z_A-Z0-9-]*\).*/\1/p');;
                *) compopt -o default 2>/dev/null; return;;
            esac;;
    esac
    COMPREPLY=($(compgen -W "$choices" -- "$word"))
    case ${COMPREPLY[0]-} in *[:,=]) compopt -o nospace 2>/dev/null;; esac
}

complete -F _doppel doppel doppel-system-riscv64 doppel-system-riscv32 doppel-system-aarch64 \
    doppel-system-arm
