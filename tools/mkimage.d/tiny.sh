# SPDX-License-Identifier: GPL-2.0-or-later
# The tiny image: one FAT partition with boot loader, kernel and an initrd that is the whole system.
# Made without root, mounts or loop devices.

tiny_packages=(busybox-static dhcpcd-base dropbear-bin qemu-guest-agent kmod)
tiny_tools=(syslinux extlinux mtools cpio lz4 fdisk qemu-utils binutils xz-utils)
# The modules a guest of ours needs; what they rest on is found by modprobe.
tiny_modules=(virtio_pci virtio_blk virtio_net button evdev virtio_console)
# Those that a test loads when it wants them.
tiny_later=(ext4)
tiny_append="console=ttyS0,115200 quiet loglevel=3 mitigations=off nokaslr net.ifnames=0 panic=5 \
no_timer_check tsc=reliable 8250.nr_uarts=1 i8042.noaux i8042.nopnp rdinit=/sbin/init"

prepare()
{
  PATH=$PATH:/usr/sbin:/sbin
  need_packages "${tiny_packages[@]}" "${tiny_tools[@]}"
  find_kernel
}

cache_key()
{
  recipe_hash mkimage.d/tiny.sh mkimage.d/disk.sh mkimage.d/tiny-root
  echo "$kernel_version"
  package_versions "${tiny_packages[@]}" syslinux libc6
}

# add_program ROOT FILE: the program and the libraries it loads, at the places it looks for them.
add_program()
{
  local root=$1 file=$2 library
  mkdir -p "$root${file%/*}"
  cp -L "$file" "$root$file"
  for library in $(ldd "$file" | grep -o '/[^ ]*' | sort -u); do
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
  done
}

# add_modules ROOT FOLDER MODULE...
# Modules are numbered in the order in which they must be loaded: a wrong order fails with
# "unknown symbol" and leaves a guest without disks.
add_modules()
{
  local folder=$1$2 module line file number=10 seen=" "
  shift 2
  mkdir -p "$folder"
  for module in "$@"; do
    while read -r line file _; do
      # Built-in ones need no loading; some rest on the same others.
      case $line-$seen in builtin-* | *" $file "*) continue ;; esac
      seen="$seen$file "
      line=$folder/$number-$(basename "${file%.ko*}").ko
      case $file in
        *.xz) xz -dc "$file" > "$line" ;;
        *) cp "$file" "$line" ;;
      esac
      strip --strip-debug "$line"
      number=$((number + 1))
    done < <(modprobe -d "${kernel_root:-/}" -S "$kernel_version" --show-depends "$module")
  done
}

make_root()
{
  local root=$1 applet busybox
  mkdir -p "$root"/{dev,proc,sys,run,tmp,root/.ssh,etc/dropbear,usr/{bin,sbin,lib,lib64},var/{log,lib}}
  for applet in bin sbin lib lib64; do ln -s "usr/$applet" "$root/$applet"; done
  ln -s ../run "$root/var/run"
  chmod 700 "$root/root" "$root/root/.ssh"
  chmod 1777 "$root/tmp"
  busybox=$(dpkg -L busybox-static | grep 'bin/busybox$')
  cp -L "$busybox" "$root/usr/bin/busybox"
  for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/usr/bin/$applet"
  done
  ln -s ../bin/busybox "$root/usr/sbin/init"
  add_program "$root" /usr/sbin/qemu-ga
  add_program "$root" /usr/sbin/dropbear
  add_program "$root" "$(dpkg -L dhcpcd-base | grep 'bin/dhcpcd$')"
  ( cd "$parts/tiny-root" && find . -type f -print0 | cpio -0 -pdm --quiet "$root" )
  chmod -R u=rwX,go=rX "$root/etc"
  chmod 755 "$root"/etc/{rc,dhcp,uevent,services} "$root"/etc/acpi/PWRF/* \
    "$root"/usr/sbin/{chpasswd,shutdown}
  printf 'root:x:0:0:root:/root:/bin/sh\n' > "$root/etc/passwd"
  printf 'root:*:19000:0:99999:7:::\n' > "$root/etc/shadow"
  chmod 600 "$root/etc/shadow"
  printf 'root:x:0:\n' > "$root/etc/group"
  printf '/bin/sh\n' > "$root/etc/shells"
  printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n' > "$root/etc/nsswitch.conf"
  printf '127.0.0.1 localhost\n' > "$root/etc/hosts"
  # Host keys are made here, once, since making them in the guest would cost more than the boot.
  dropbearkey -t ed25519 -f "$root/etc/dropbear/dropbear_ed25519_host_key" >/dev/null 2>&1
  dropbearkey -t rsa -s 2048 -f "$root/etc/dropbear/dropbear_rsa_host_key" >/dev/null 2>&1
}

build()
{
  local work=$1 out=$2 root=$1/root disk=$1/disk.raw size fat
  say "building the tiny image with kernel $kernel_version"
  mkdir "$root"
  make_root "$root"
  add_modules "$root" /modules "${tiny_modules[@]}"
  add_modules "$root" /modules/later "${tiny_later[@]}"
  find "$root" -exec touch -h -d @0 {} +
  ( cd "$root" && find . | sort | cpio -o -H newc -R 0:0 --reproducible --quiet ) \
    | lz4 -l -9 -q - "$work/initrd"
  size=$((($(stat -c %s "$kernel_file") + $(stat -c %s "$work/initrd")) / 1048576 + 3))
  truncate -s $((size + 1))M "$disk"
  printf '2048,,6,*\n' | sfdisk -q "$disk"
  fat="$disk@@1M"
  mformat -i "$fat" -T $((size * 2048)) -h 16 -s 63 -v VMMDTINY ::
  printf 'DEFAULT tiny\nPROMPT 0\nTIMEOUT 0\nLABEL tiny\n LINUX /vmlinuz\n INITRD /initrd\n APPEND %s\n' \
    "$tiny_append" > "$work/syslinux.cfg"
  mcopy -i "$fat" "$kernel_file" ::vmlinuz
  mcopy -i "$fat" "$work/initrd" "$work/syslinux.cfg" ::
  syslinux --offset 1048576 "$disk"
  write_mbr "$disk"
  qemu-img convert -f raw -O qcow2 "$disk" "$out"
}
