#!/bin/sh
# Makes an environment that runs the tests as 64-bit Arm programs on an x86-64 Debian or Ubuntu, in user-mode emulation.
#
#   tools/aarch64_environment.sh FOLDER [CHECKOUT]
#
# Python and its libraries come from the system's own package archive, for arm64, unpacked into FOLDER without being
# installed; wheels come from pip. Neither root nor changes to the system are needed. FOLDER/python then runs anything:
# `FOLDER/python -m pytest tests/reductions`.
set -eu
if [ $# -lt 1 ]; then sed -n '2,8p' "$0"; exit 2; fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
checkout=$(cd "${2:-.}" && pwd)
version=${AARCH64_PYTHON:-$(apt-cache depends python3 | sed -n 's/.*Depends: python\(3\.[0-9]*\)$/\1/p' | head -1)}
cd "$folder"
mkdir -p root site wheels apt/lists/partial apt/archives/partial
touch apt/status

# A list of packages of its own: the system's knows no arm64.
arm_apt() {
    apt-get -qq -o Dir::State="$folder/apt" -o Dir::State::status="$folder/apt/status" -o Dir::Cache="$folder/apt" \
        -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User="$(id -un)" "$@"
}
arm_apt update
(cd apt/archives && arm_apt download "python$version" "python$version-minimal" "libpython$version-minimal" \
    "libpython$version-stdlib" libc6 libgcc-s1 libstdc++6 zlib1g libexpat1 libffi8 libbz2-1.0 liblzma5 libsqlite3-0 \
    libuuid1 libcrypt1 libssl3)
for package in apt/archives/*.deb; do dpkg -x "$package" root; done

emulator=$(command -v qemu-aarch64-static || true)
if [ -z "$emulator" ]; then
    mkdir -p emulator
    (cd emulator && apt-get -qq download qemu-user-static && dpkg -x qemu-user-static_*.deb .)
    emulator=$folder/emulator/usr/bin/qemu-aarch64-static
fi

platforms=""
for glibc in 2_17 2_24 2_26 2_27 2_28; do platforms="$platforms --platform manylinux_${glibc}_aarch64"; done
# shellcheck disable=SC2086
python3 -m pip download --quiet --dest wheels --constraint "$checkout/constraints.txt" --no-deps --only-binary=:all: \
    $platforms --platform manylinux2014_aarch64 --implementation cp --python-version "$version" \
    numpy llvmlite scipy ml_dtypes mpmath pytest hypothesis iniconfig pluggy packaging sortedcontainers pygments tqdm
for wheel in wheels/*.whl; do python3 -m zipfile -e "$wheel" site; done

# Programs that start Python again must start the emulator.
echo "import sys; sys.executable = '$folder/python'" > site/sitecustomize.py
# LLVM asks this file which processor it is on.
mkdir -p root/proc
cat > root/proc/cpuinfo <<INFO
processor	: 0
Features	: fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp ssbs
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x3
CPU part	: 0xd0c
CPU revision	: 1
INFO
cat > python <<RUN
#!/bin/sh
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$folder/site:$checkout/src:$checkout \\
    exec $emulator -cpu neoverse-n1 -L $folder/root $folder/root/usr/bin/python$version "\$@"
RUN
chmod +x python
