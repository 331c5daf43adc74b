#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts a daemon with a key and an image, and runs one client's script against it.

    test-client.py VMMD SCRIPT     (on a private host with VMMD_TINY_IMAGE)
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "daemon", "lib"))
from daemon import Daemon  # noqa: E402

with tempfile.TemporaryDirectory() as folder, Daemon(sys.argv[1], options={
        "network": {"public-pools": "198.51.100.0/28"},
        "storage": {"drop-folder": f"{folder}/drop", "export-folder": f"{folder}/out"}}) as vmmd:
    os.mkdir(f"{folder}/drop")
    os.mkdir(f"{folder}/out")
    vmmd.start()
    key = vmmd.create_key()
    environment = {**os.environ, "VMMD_ENDPOINT": f"127.0.0.1:{vmmd.port}", "VMMD_KEY_ID": key["AccessKeyId"],
                   "VMMD_KEY_SECRET": key["AccessKeySecret"], "VMMD_IMAGE_ID": vmmd.import_image(),
                   "VMMD_DROP_FOLDER": f"{folder}/drop", "VMMD_EXPORT_FOLDER": f"{folder}/out"}
    code = subprocess.run(["node", sys.argv[2]], env=environment, check=False).returncode
    if code == 0:
        vmmd.stop()
        vmmd.start()
    sys.exit(code)
