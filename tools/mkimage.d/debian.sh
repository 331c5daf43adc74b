# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian image: the release this machine runs, from this machine's own package sources, with
# cloud-init, ssh and the guest agent. No mounts or loop devices: the file system is filled by mke2fs
# and the boot loader is put where it looks for itself.

debian_tools=(mmdebstrap grub-common grub-pc-bin e2fsprogs fdisk qemu-utils)
debian_packages=(
  linux-image-cloud-amd64 initramfs-tools systemd-sysv systemd-timesyncd libpam-systemd dbus udev
  cloud-init cloud-guest-utils cloud-initramfs-growroot openssh-server qemu-guest-agent
  ifupdown isc-dhcp-client iproute2 iputils-ping netbase ca-certificates curl sudo fdisk e2fsprogs
  procps less vim-tiny tzdata
)
debian_disk_mib=4096

prepare()
{
  PATH=$PATH:/usr/sbin:/sbin
  [ "$(id -u)" -eq 0 ] || die "only root can build the debian image"
  need_packages "${debian_tools[@]}"
  suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") \
    || die "the debian image is built on Debian, of the release that runs here"
}

# One line for each part of the Debian archive that apt is set up with here; others' archives are
# left out.
own_sources()
{
  apt-get indextargets --format '$(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' | sed -n 's/^Debian //p' | sort -u
}

# The month is in the key so that an image is not older than that.
cache_key()
{
  recipe_hash mkimage.d/debian.sh mkimage.d/disk.sh mkimage.d/debian-root
  echo "$suite"
  date +%Y-%m
}

make_tree()
{
  local root=$1 sources=$2
  own_sources > "$sources"
  [ -s "$sources" ] || { apt-get update -qq && own_sources > "$sources"; }
  [ -s "$sources" ] || die "apt has no Debian source"
  mmdebstrap --quiet --variant=minbase --mode=root --format=directory \
    --include="$(IFS=,; echo "${debian_packages[*]}")" \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="copy-in '$parts/debian-root/etc' '$parts/debian-root/boot' /" \
    --customize-hook='chown -R 0:0 "$1/etc/cloud" "$1/etc/ssh/sshd_config.d" "$1/boot" "$1/etc/fstab"' \
    --customize-hook='chmod -R u=rwX,go=rX "$1/etc/cloud" "$1/etc/ssh/sshd_config.d" "$1/boot/grub"' \
    --customize-hook='rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/resolv.conf" "$1/etc/hostname"' \
    --customize-hook=': > "$1/etc/machine-id"; : > "$1/etc/resolv.conf"' \
    --customize-hook='printf "127.0.0.1 localhost\n::1 localhost ip6-localhost\n" > "$1/etc/hosts"' \
    --customize-hook='chroot "$1" passwd -q -l root' \
    "$suite" "$root" "$sources"
}

# GRUB expects its first sector to name sector 1 as the place of the rest, and it does so by default.
install_grub()
{
  local disk=$1 core=$2
  grub-mkimage -O i386-pc -o "$core" -p '(hd0,msdos1)/boot/grub' \
    biosdisk part_msdos ext2 normal linux serial terminal echo configfile test
  [ "$(stat -c %s "$core")" -le $((2047 * 512)) ] || die "the boot loader does not fit"
  dd if=/usr/lib/grub/i386-pc/boot.img of="$disk" conv=notrunc bs=440 count=1 status=none
  dd if="$core" of="$disk" conv=notrunc bs=512 seek=1 status=none
}

build()
{
  local work=$1 out=$2 root=$1/root disk=$1/disk.raw
  say "building the Debian $suite image"
  make_tree "$root" "$work/sources.list"
  truncate -s ${debian_disk_mib}M "$disk"
  printf '2048,,L,*\n' | sfdisk -q "$disk"
  # Without what the boot loader or an older kernel cannot read.
  mke2fs -q -t ext4 -O ^64bit,^orphan_file,^metadata_csum_seed -L root -d "$root" \
    -E offset=1048576 "$disk" $(((debian_disk_mib - 1) * 1024))k
  install_grub "$disk" "$work/core.img"
  rm -rf --one-file-system "$root"
  qemu-img convert -f raw -O qcow2 -c -o compression_type=zstd "$disk" "$out"
}
