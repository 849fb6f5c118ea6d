// The kit's JSON and jco's JavaScript values of the same WIT types. jco writes names in camel case, an absent option as
// `undefined` and a 64-bit number as BigInt; the kit writes names as the WIT does, `null`, and a number. Both write a
// variant as `{tag, val}`.

const isRecord = (value) => value !== null && typeof value === 'object';
const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const each = (value, name, form) =>
  Array.isArray(value)
    ? value.map(form)
    : Object.fromEntries(Object.entries(value).map(([field, inner]) => [name(field), form(inner)]));

export const toComponent = (json) =>
  json === null ? undefined : isRecord(json) ? each(json, camel, toComponent) : json;

export const toJson = (value) =>
  value === undefined ? null
  : typeof value === 'bigint' ? Number(value)
  : isRecord(value) ? each(value, kebab, toJson)
  : value;
