// SPDX-License-Identifier: GPL-2.0-or-later
// Whether an answer has the types that the vendor's client declares for it.
'use strict';

function check(place, value, type) {
  if (value === undefined || value === null) return [];
  if (typeof type === 'string') {
    const wanted = { int: 'number', long: 'number', int32: 'number', int64: 'number', float: 'number' }[type] || type;
    return typeof value === wanted || wanted === 'any' ? [] : [`${place} is a ${typeof value}, not a ${type}`];
  }
  if (type.type === 'array') {
    if (!Array.isArray(value)) return [`${place} is no list`];
    return value.flatMap((item, index) => check(`${place}[${index}]`, item, type.itemType));
  }
  if (type.type === 'map') return typeof value === 'object' ? [] : [`${place} is no map`];
  if (typeof value !== 'object' || Array.isArray(value)) return [`${place} is no structure`];
  const types = type.types();
  return Object.entries(types).flatMap(([field, inner]) => check(`${place}.${field}`, value[field], inner));
}

// What is wrong in a body, as lines.
function misfits(body) {
  return check(body.constructor.name, body, body.constructor);
}

module.exports = { misfits };
