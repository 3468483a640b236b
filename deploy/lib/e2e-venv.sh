# shellcheck shell=bash
# Sourced by what runs browsers and other clients.

# A virtual environment that is made anew whenever its requirements change.
prepare_e2e_venv() {
    local venv=.build/e2e-venv requirements=Tests/EndToEnd/requirements.txt
    cmp --silent "$requirements" "$venv/requirements.txt" && return 0
    echo "Making $venv" >&2
    rm -rf "$venv" &&
        python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" &&
        cp "$requirements" "$venv/requirements.txt"
}
