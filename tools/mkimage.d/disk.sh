# SPDX-License-Identifier: GPL-2.0-or-later
# The part of mkimage that both images share: the kernel, and the first sectors of a disk.

# Sets kernel_version, kernel_file, kernel_modules: the newest cloud kernel on this machine, or one
# fetched (not installed: that would rebuild the machine's own boot files) into the cache.
find_kernel()
{
  local file
  file=$(ls -v /boot/vmlinuz-*-cloud-amd64 2>/dev/null | tail -n 1 || true)
  if [ -r "$file" ] && [ -d "/lib/modules/${file#/boot/vmlinuz-}/kernel" ]; then
    kernel_root=
  else
    fetch_kernel
    file=$(ls -v "$kernel_root"/boot/vmlinuz-*-cloud-amd64 | tail -n 1)
  fi
  kernel_file=$file
  kernel_version=${file##*/vmlinuz-}
  kernel_modules=$kernel_root/lib/modules/$kernel_version
}

fetch_kernel()
{
  local package
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' \
    | head -n 1)
  [ -n "$package" ] || die "apt knows no cloud kernel; run apt-get update"
  kernel_root=$cache/$package
  [ -e "$kernel_root/complete" ] && return
  say "fetching $package"
  rm -rf "$kernel_root"
  mkdir -p "$kernel_root"
  ( cd "$kernel_root" && apt-get download -qq "$package" && dpkg-deb -x ./*.deb . && rm ./*.deb )
  depmod -b "$kernel_root" "${package#linux-image-}"
  touch "$kernel_root/complete"
}

# write_mbr DISK: boot code that starts the active partition. The partition table stays.
write_mbr()
{
  dd if=/usr/lib/EXTLINUX/mbr.bin of="$1" conv=notrunc bs=440 count=1 status=none
}
