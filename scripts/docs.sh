#!/usr/bin/env bash
# Installs what is missing, and builds the API reference from the headers' comments: build/docs/html/index.html. Fails on
# a comment that is wrong (a parameter that is not there, a tag that is not closed, a list that is none) and on a type
# without one. A member whose name and type say it all needs none.
set -euo pipefail
cd "$(dirname "$0")/.."

./scripts/setup.sh docs
rm -rf build/docs
mkdir -p build/docs
doxygen docs/Doxyfile
[ -f build/docs/warnings.log ]  # the Doxyfile says that it is written
if grep -vE '^[^ ]+: warning: Member .* is not documented\.$' build/docs/warnings.log >&2; then
  echo "docs.sh: the comments above are wrong or missing" >&2
  exit 1
fi
echo "docs.sh: build/docs/html/index.html"
