#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes images, honest and hostile, into a directory: make-corpus.py DIR [CANARY].

Names are claims: "good--WHAT.FORMAT" must be taken, "REFUSAL--WHAT.FORMAT" must be refused by that
name when it is imported as FORMAT. CANARY is the absolute path of a host file that hostile ones
name. Those called damaged-- and limit-- are seen only by who reads all tables.
"""
import os
import struct
import sys
import zlib

SECTOR = 512


class Qcow2:
    """A valid image of the smallest kind; the fields are there to be spoilt.

    Clusters: 0 header, 1 refcount table, 2 refcount block, 3 L1 table, 4 L2 table, 5 data.
    """

    def __init__(self, version=3, cluster_bits=16, virtual=1 << 20):
        self.bits = cluster_bits
        self.cluster = 1 << cluster_bits
        self.version = version
        self.virtual = virtual
        self.backing_offset = self.backing_bytes = 0
        self.backing = b""
        self.crypt = 0
        per_entry = self.cluster * (self.cluster // 8)
        self.l1_entries = max(1, -(-virtual // per_entry))
        self.l1_offset = 3 * self.cluster
        self.refcount_offset = self.cluster
        self.refcount_clusters = 1
        self.snapshots = 0
        self.incompatible = 0
        self.refcount_order = 4
        self.header_bytes = 112 if version == 3 else 72
        self.compression = 0
        self.extensions = b""
        self.l1 = {0: 4 * self.cluster | 1 << 63}
        self.l2 = {0: 5 * self.cluster | 1 << 63}
        self.data = b"data of an honest guest".ljust(SECTOR, b".")
        self.refcounts = {n: 1 for n in range(6)}
        self.cut = None
        self.size = None

    def extension(self, kind, data, length=None):
        self.extensions += struct.pack(">II", kind, len(data) if length is None else length)
        self.extensions += data + b"\0" * (-len(data) % 8)
        return self

    def back(self, name, offset=None):
        self.backing = name
        self.backing_bytes = len(name)
        self.backing_offset = offset
        return self

    def header(self):
        extensions = self.extensions + (b"\0" * 8 if self.extensions or self.backing else b"")
        if self.backing_offset is None:
            self.backing_offset = self.header_bytes + len(extensions)
        head = struct.pack(">IIQIIQIIQQIIQ", 0x514649FB, self.version, self.backing_offset,
                           self.backing_bytes, self.bits, self.virtual, self.crypt, self.l1_entries,
                           self.l1_offset, self.refcount_offset, self.refcount_clusters, self.snapshots,
                           self.cluster * 3 if self.snapshots else 0)
        if self.version >= 3:
            head += struct.pack(">QQQII", self.incompatible, 0, 0, self.refcount_order, self.header_bytes)
            head += bytes([self.compression]) + b"\0" * 7
        return head + extensions + self.backing

    def bytes(self):
        out = bytearray(6 * self.cluster)

        def put(at, data):
            if len(out) < at + len(data):
                out.extend(b"\0" * (at + len(data) - len(out)))
            out[at:at + len(data)] = data

        put(self.cluster, struct.pack(">Q", 2 * self.cluster))
        width = 1 << self.refcount_order >> 3 if self.refcount_order in (3, 4, 5, 6) else 2
        for index, count in self.refcounts.items():
            put(2 * self.cluster + index * width, count.to_bytes(width, "big"))
        for index, entry in self.l1.items():
            put(3 * self.cluster + index * 8, struct.pack(">Q", entry))
        for index, entry in self.l2.items():
            put(4 * self.cluster + index * 8, struct.pack(">Q", entry))
        put(5 * self.cluster, self.data)
        put(0, self.header())
        return bytes(out if self.cut is None else out[:self.cut])


def spoilt(**fields):
    """An image with constructor arguments (version, cluster_bits, virtual) and spoilt fields."""
    made = {key: fields.pop(key) for key in ("version", "cluster_bits", "virtual") if key in fields}
    image = Qcow2(**made)
    for key, value in fields.items():
        assert hasattr(image, key), key
        setattr(image, key, value)
    return image


def bomb(virtual):
    """One compressed cluster of two MiB that stands for every cluster of the disk."""
    image = Qcow2(cluster_bits=21, virtual=virtual)
    image.refcount_order = 6
    clusters = virtual >> 21
    packed = zlib.compressobj(9, zlib.DEFLATED, -12)
    data = packed.compress(b"0123456789abcdef" * (1 << 17)) + packed.flush()
    sectors = -(-len(data) // SECTOR) - 1
    descriptor = 1 << 62 | sectors << (62 - (21 - 8)) | 5 << 21
    image.l2 = {n: descriptor for n in range(clusters)}
    image.data = data.ljust((sectors + 1) * SECTOR, b"\0")
    image.refcounts[5] = clusters
    return image


def descriptor(canary):
    return (b"# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
            b'createType="monolithicFlat"\n\nRW 2048 FLAT "' + canary + b'" 0\n')


def corpus(canary):
    c16 = 1 << 16
    json_name = b'json:{"driver":"raw","file":{"driver":"file","filename":"' + canary + b'"}}'
    good = Qcow2().bytes()
    yield "good--v3.qcow2", good
    yield "good--v2.qcow2", Qcow2(version=2).bytes()
    yield "good--small-clusters.qcow2", Qcow2(cluster_bits=9, virtual=1 << 15).bytes()
    yield "good--large-clusters.qcow2", Qcow2(cluster_bits=21).bytes()
    yield "good--dirty.qcow2", spoilt(incompatible=1).bytes()
    yield "good--unknown-extension.qcow2", Qcow2().extension(0x12345678, b"whatever").bytes()
    yield "good--feature-names.qcow2", Qcow2().extension(0x6803F857, b"\0\0dirty bit".ljust(48, b"\0")).bytes()
    yield "good--leaked-cluster.qcow2", spoilt(refcounts={n: 1 for n in range(7)}).bytes()
    yield "good--disk.raw", b"\xeb\x63\x90".ljust(1 << 20, b"\0")

    yield "backing-file--path.qcow2", Qcow2().back(canary).bytes()
    yield "backing-file--path-v2.qcow2", Qcow2(version=2).back(canary).bytes()
    yield "backing-file--json.qcow2", Qcow2().back(json_name).bytes()
    yield "backing-file--with-format.qcow2", Qcow2().extension(0xE2792ACA, b"raw").back(canary).bytes()
    yield "backing-file--format-alone.qcow2", Qcow2().extension(0xE2792ACA, b"raw").bytes()
    yield "backing-file--network.qcow2", Qcow2().back(b"nbd://127.0.0.1:1/x").bytes()
    yield "backing-file--outside.qcow2", Qcow2().back(canary, offset=1 << 40).bytes()
    yield "backing-file--offset-wraps.qcow2", Qcow2().back(canary, offset=(1 << 64) - 4).bytes()
    yield "backing-file--on-header.qcow2", Qcow2().back(canary, offset=16).bytes()
    yield "backing-file--no-length.qcow2", spoilt(backing_offset=200).bytes()
    yield "backing-file--too-long.qcow2", Qcow2().back(b"/" * 1024).bytes()
    yield "backing-file--void.qcow2", Qcow2().back(b"\0" + canary).bytes()
    yield "data-file--bit.qcow2", spoilt(incompatible=4).bytes()
    yield "data-file--extension.qcow2", Qcow2().extension(0x44415441, canary).bytes()
    image = spoilt(incompatible=4)
    yield "data-file--both.qcow2", image.extension(0x44415441, canary).bytes()
    yield "encrypted--aes.qcow2", spoilt(crypt=1).bytes()
    yield "encrypted--luks.qcow2", spoilt(crypt=2).extension(0x0537BE77, struct.pack(">QQ", c16 * 5, 4096)).bytes()
    yield "encrypted--extension-alone.qcow2", Qcow2().extension(0x0537BE77, bytes(16)).bytes()
    yield "feature--extended-l2.qcow2", spoilt(incompatible=16).bytes()
    yield "feature--unknown-bit.qcow2", spoilt(incompatible=1 << 63).bytes()
    yield "feature--unknown-compression.qcow2", spoilt(incompatible=8, compression=2).bytes()
    yield "feature--compression-without-field.qcow2", spoilt(incompatible=8, header_bytes=104).bytes()
    yield "marked-corrupt--bit.qcow2", spoilt(incompatible=2).bytes()
    yield "snapshots--one.qcow2", spoilt(snapshots=1).bytes()
    yield "snapshots--very-many.qcow2", spoilt(snapshots=0xFFFFFFFF).bytes()
    for bits in (0, 8, 22, 63):
        yield f"cluster-size--{bits}.qcow2", Qcow2().bytes()[:20] + struct.pack(">I", bits) + good[24:]
    yield "virtual-size--zero.qcow2", spoilt(virtual=0).bytes()
    yield "virtual-size--odd.qcow2", spoilt(virtual=(1 << 20) - 1).bytes()
    yield "virtual-size--half-pib.qcow2", spoilt(cluster_bits=21, virtual=1 << 49).bytes()
    yield "virtual-size--empty.raw", b""
    yield "virtual-size--half-sector.raw", b"\xeb" * 300
    yield "table--whole-space.qcow2", spoilt(virtual=(1 << 64) - 512, l1_entries=1).bytes()
    yield "table--l1-too-small.qcow2", spoilt(virtual=1 << 40, l1_entries=1).bytes()
    yield "table--l1-void.qcow2", spoilt(l1_entries=0).bytes()
    yield "table--l1-enormous.qcow2", spoilt(l1_entries=0xFFFFFFFF).bytes()
    yield "table--l1-unaligned.qcow2", spoilt(l1_offset=3 * c16 + 8).bytes()
    yield "table--refcount-void.qcow2", spoilt(refcount_clusters=0).bytes()
    yield "table--refcount-enormous.qcow2", spoilt(refcount_clusters=0xFFFFFFFF).bytes()
    yield "table--refcount-order.qcow2", spoilt(refcount_order=7).bytes()
    yield "table--l1-reserved-bits.qcow2", spoilt(l1={0: 4 * c16 | 1}).bytes()
    yield "table--l2-unaligned.qcow2", spoilt(l1={0: 4 * c16 + 512}).bytes()
    yield "overlap--l1-on-header.qcow2", spoilt(l1_offset=0).bytes()
    yield "overlap--refcount-on-header.qcow2", spoilt(refcount_offset=0).bytes()
    yield "overlap--l1-on-refcount.qcow2", spoilt(l1_offset=c16).bytes()
    yield "overlap--l2-on-l1.qcow2", spoilt(l1={0: 3 * c16 | 1 << 63}).bytes()
    yield "overlap--l2-on-refcount.qcow2", spoilt(l1={0: c16 | 1 << 63}).bytes()
    loop = spoilt(virtual=1 << 32, l1={n: 4 * c16 | 1 << 63 for n in range(8)})
    yield "overlap--l2-shared.qcow2", loop.bytes()
    yield "truncated--in-header.qcow2", good[:60]
    yield "truncated--in-version-3.qcow2", good[:90]
    yield "truncated--after-header.qcow2", good[:112]
    yield "truncated--l1-beyond.qcow2", spoilt(l1_offset=1 << 40).bytes()
    yield "truncated--l1-wraps.qcow2", spoilt(l1_offset=(1 << 64) - c16).bytes()
    yield "truncated--refcount-beyond.qcow2", spoilt(refcount_offset=1 << 40).bytes()
    yield "truncated--l2-beyond.qcow2", spoilt(l1={0: 1 << 40 | 1 << 63}).bytes()
    yield "extension--too-long.qcow2", Qcow2().extension(0x12345678, b"short", length=0xFFFFFFF0).bytes()
    yield "extension--header-short.qcow2", spoilt(header_bytes=80).bytes()
    yield "extension--header-odd.qcow2", spoilt(header_bytes=109).bytes()
    yield "extension--header-enormous.qcow2", spoilt(header_bytes=0xFFFFFFF8).bytes()
    for version in (0, 1, 4):
        yield f"version--{version}.qcow2", good[:4] + struct.pack(">I", version) + good[8:]
    yield "not-qcow2--empty.qcow2", b""
    yield "not-qcow2--four-bytes.qcow2", b"QFI\xfb"
    yield "not-qcow2--vmdk-descriptor.qcow2", descriptor(canary)
    yield "not-qcow2--vmdk-sparse.qcow2", b"KDMV".ljust(1 << 16, b"\0")
    yield "not-qcow2--raw.qcow2", bytes(1 << 16)
    yield "other-format--vmdk-descriptor.raw", descriptor(canary).ljust(SECTOR, b"\0")
    yield "other-format--qcow2.raw", Qcow2().back(canary).bytes()
    yield "other-format--vmdk-sparse.raw", b"KDMV".ljust(1 << 16, b"\0")
    yield "other-format--luks.raw", b"LUKS\xba\xbe".ljust(1 << 16, b"\0")
    yield "other-format--vhdx.raw", b"vhdxfile".ljust(1 << 16, b"\0")
    yield "other-format--gzip.raw", b"\x1f\x8b\x08".ljust(1 << 16, b"\0")
    for other, mark in (("vmdk-cowd", b"COWD"), ("vhd", b"conectix"), ("vdi", bytes(64) + b"\x7f\x10\xda\xbe"),
                        ("qed", b"QED\0"), ("parallels", b"WithoutFreeSpace"), ("parallels-2", b"WithouFreSpacExt"),
                        ("xz", b"\xfd7zXZ\0"), ("zstd", b"\x28\xb5\x2f\xfd")):
        yield f"other-format--{other}.raw", mark.ljust(1 << 16, b"\0")
        yield f"not-qcow2--{other}.qcow2", mark.ljust(1 << 16, b"\0")

    # Only whoever reads all tables sees these.
    yield "damaged--data-beyond.qcow2", spoilt(l2={0: 1 << 40 | 1 << 63}).bytes()
    yield "damaged--data-on-l2.qcow2", spoilt(l2={0: 4 * c16 | 1 << 63}).bytes()
    yield "damaged--data-on-header.qcow2", spoilt(l2={0: 0 | 1 << 63, 1: 512}).bytes()
    yield "damaged--data-shared.qcow2", spoilt(l2={n: 5 * c16 | 1 << 63 for n in range(16)}).bytes()
    yield "damaged--no-refcount.qcow2", spoilt(refcounts={n: 1 for n in range(5)}).bytes()
    yield "limit--12-mib-of-500-gib.qcow2", bomb(500 << 30).bytes()
    yield "limit--12-mib-of-8-gib.qcow2", bomb(8 << 30).bytes()


def write_sparse(path, data):
    with open(path, "wb") as out:
        for at in range(0, len(data), 4096):
            block = data[at:at + 4096]
            if block.strip(b"\0"):
                out.seek(at)
                out.write(block)
        out.truncate(len(data))


def main():
    directory = sys.argv[1]
    canary = (sys.argv[2] if len(sys.argv) > 2 else "/etc/passwd").encode()
    os.makedirs(directory, exist_ok=True)
    for name, data in corpus(canary):
        write_sparse(os.path.join(directory, name), data)


if __name__ == "__main__":
    main()
