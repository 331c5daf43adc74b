#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws small SVG charts without any package: lines over logarithmic axes, and bars of ratios."""
from xml.sax.saxutils import escape

COLOURS = ["#1f5f99", "#c2571a", "#2f7d4f", "#8a3f8f", "#6b6b6b", "#b3262e", "#4a4ab8", "#8c7a1f"]
STYLE = 'font-family="sans-serif" font-size="12"'


def text(x, y, words, anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'


def page(width, height, title, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {STYLE}>',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        text(16, 24, title, more='font-size="15" font-weight="bold"'), *parts, "</svg>", ""])


def decades(low, high):
    """Powers of ten around the values."""
    first, last = 0, 0
    while 10 ** first > low:
        first -= 1
    while 10 ** (first + 1) <= low:
        first += 1
    last = first + 1
    while 10 ** last < high:
        last += 1
    return first, last


def lines(title, x_label, y_label, series):
    """series: {name: {x: y}}; the SVG's text."""
    from math import log10
    width, height, left, top, right, bottom = 760, 460, 76, 44, 230, 52
    xs = sorted({x for points in series.values() for x in points})
    x0, x1 = log10(xs[0]), log10(xs[-1]) if len(xs) > 1 else log10(xs[0]) + 1
    y0, y1 = decades(min(y for p in series.values() for y in p.values()),
                     max(y for p in series.values() for y in p.values()))
    place_x = lambda x: left + (log10(x) - x0) / (x1 - x0) * (width - left - right)  # noqa: E731
    place_y = lambda y: height - bottom - (log10(y) - y0) / (y1 - y0) * (height - top - bottom)  # noqa: E731
    parts = []
    for power in range(y0, y1 + 1):
        y = place_y(10 ** power)
        parts += [f'<line x1="{left}" y1="{y:.1f}" x2="{width - right}" y2="{y:.1f}" stroke="#dddddd"/>',
                  text(left - 6, y + 4, f"{10 ** power:g}", "end")]
    for x in xs:
        parts.append(text(place_x(x), height - bottom + 18, str(x), "middle"))
    parts += [text((left + width - right) / 2, height - 12, x_label, "middle"),
              text(16, top + (height - top - bottom) / 2, y_label, "middle",
                   f'transform="rotate(-90 16 {top + (height - top - bottom) / 2:.1f})"')]
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        dash = ' stroke-dasharray="5 4"' if number >= len(COLOURS) else ""
        path = " ".join(f"{place_x(x):.1f},{place_y(y):.1f}" for x, y in sorted(points.items()))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="3" fill="{colour}"/>'
                  for x, y in points.items()]
        at = top + 14 + number * 20
        parts += [f'<line x1="{width - right + 14}" y1="{at - 4}" x2="{width - right + 38}" y2="{at - 4}" '
                  f'stroke="{colour}" stroke-width="2"{dash}/>', text(width - right + 44, at, name)]
    return page(width, height, title, parts)


def bars(title, ratios, marks):
    """ratios: {name: {kind: ratio}}; marks: {label: ratio} as upright lines; the SVG's text."""
    kinds = list(dict.fromkeys(kind for row in ratios.values() for kind in row))
    left, top, row_height, width = 290, 70, 14 * len(kinds) + 10, 760
    height = top + row_height * len(ratios) + 30
    high = max([1.1, *(r for row in ratios.values() for r in row.values()), *marks.values()])
    place = lambda ratio: left + ratio / high * (width - left - 60)  # noqa: E731
    parts = []
    for number, kind in enumerate(kinds):
        parts += [f'<rect x="{left + number * 150}" y="38" width="12" height="12" fill="{COLOURS[number]}"/>',
                  text(left + 18 + number * 150, 49, kind)]
    for row, (name, values) in enumerate(ratios.items()):
        y = top + row * row_height
        parts.append(text(left - 8, y + row_height / 2, name, "end"))
        for number, kind in enumerate(kinds):
            if kind not in values:
                continue
            parts += [f'<rect x="{left}" y="{y + 14 * number}" width="{place(values[kind]) - left:.1f}" height="11" '
                      f'fill="{COLOURS[number]}"/>',
                      text(place(values[kind]) + 4, y + 14 * number + 10, f"{values[kind]:.2f}")]
    for label, ratio in marks.items():
        parts += [f'<line x1="{place(ratio):.1f}" y1="{top - 6}" x2="{place(ratio):.1f}" y2="{height - 26}" '
                  'stroke="#444444" stroke-dasharray="3 3"/>', text(place(ratio), height - 12, label, "middle")]
    return page(width, height, title, parts)
