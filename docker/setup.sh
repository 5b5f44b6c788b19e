#!/usr/bin/env bash
# setup.sh finds or fetches LibTorch, prepares gotch for it and writes the
# compiler flags that every go command of this module needs to libtorch.env at
# the top of the checkout. It may be run any number of times: with everything
# in place it starts neither Python nor a compiler and ends at once.
#
# Environment:
#   LIBTORCH          a LibTorch folder of your own: an unpacked LibTorch
#                     archive or an installed torch package (.../site-packages/torch)
#   LIBTORCH_VARIANT  cpu or cuda; without it cuda where an NVIDIA driver is present
#   XDG_CACHE_HOME    where downloads are kept (absa/ in it), default ~/.cache
#   PYTHON            the Python 3 that fetches the wheels, default python3
set -euo pipefail

here=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=${here%/*}

# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=prerequisites.sh
. "$here/prerequisites.sh"
# shellcheck source=libtorch.sh
. "$here/libtorch.sh"
# shellcheck source=gotch.sh
. "$here/gotch.sh"
# shellcheck source=envfile.sh
. "$here/envfile.sh"

check_platform
check_tools
check_go
find_cache
prepare_gotch
find_libtorch
write_envfile
