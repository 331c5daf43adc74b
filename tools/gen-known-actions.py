#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes api/api-known-actions.def from docs/ecs-actions.tsv; with --check only compares."""
import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "docs" / "ecs-actions.tsv"
TARGET = ROOT / "api" / "api-known-actions.def"
PRODUCTS = ("vpc", "slb", "location", "cms")


def generate():
    rows = set()
    for line in SOURCE.read_text().splitlines()[1:]:
        name, _tier, area = line.split("\t")[:3]
        # "vpc" alone is an area of ECS's own old actions; "vpc:route" belongs to the VPC product.
        product = area.split(":")[0] if ":" in area else "ecs"
        if product not in PRODUCTS + ("ecs",):
            sys.exit(f"{SOURCE.name}: {name} has the unknown product {product}")
        rows.add((name, product))
    text = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
    text += "/* Made by tools/gen-known-actions.py from docs/ecs-actions.tsv: the actions that exist. */\n"
    for name, product in sorted(rows, key=lambda row: (row[0].lower(), row[1])):
        text += f'API_KNOWN_ACTION ("{name}", {product.upper()})\n'
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = generate()
    if not parser.parse_args().check:
        TARGET.write_text(text)
    elif TARGET.read_text() != text:
        sys.exit(f"{TARGET.name} is not what {SOURCE.name} gives: run tools/gen-known-actions.py")


main()
