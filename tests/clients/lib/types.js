// SPDX-License-Identifier: GPL-2.0-or-later
// Whether an answer, as it came over the wire, has the types that the vendor's client declares for it. The client
// itself turns what it gets into those types as well as it can.
'use strict';

// Declared as texts, and sent as numbers as the older clients want them: this one makes texts of them.
const OLD_NUMBERS = /\.SourceDiskSize$/;
const NUMBERS = new Set(['int', 'long', 'int32', 'int64', 'float', 'number']);

function check(place, value, type) {
  if (value === undefined || value === null) return [];
  if (typeof type === 'string') {
    const wanted = NUMBERS.has(type) || OLD_NUMBERS.test(place) ? 'number' : type;
    return typeof value === wanted || wanted === 'any' ? [] : [`${place} is a ${typeof value}, not a ${type}`];
  }
  if (type.type === 'array') {
    if (!Array.isArray(value)) return [`${place} is no list`];
    return value.flatMap((item, index) => check(`${place}[${index}]`, item, type.itemType));
  }
  if (typeof value !== 'object' || Array.isArray(value)) return [`${place} is no structure`];
  if (type.type === 'map') return [];
  const [names, types] = [type.names(), type.types()];
  return Object.keys(types).flatMap((field) => check(`${place}.${names[field]}`, value[names[field]], types[field]));
}

// What is wrong in the body of an answer for a class of the client, as lines.
function misfits(Class, body) {
  return check(Class.name, body, Class);
}

// Has the client keep the last answer as it came, as client.lastBody.
function keepBodies(client) {
  const inner = client.callApi.bind(client);
  client.callApi = async (...words) => {
    const answer = await inner(...words);
    client.lastBody = answer.body;
    return answer;
  };
}

module.exports = { misfits, keepBodies };
