"""Checks the description of the service's API at an address: it is valid OpenAPI 3.1, and every reference leads
somewhere."""

import json
import sys
import urllib.request

from openapi_spec_validator import OpenAPIV31SpecValidator


def references(value):
    """Every reference in a value."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "$ref" and isinstance(below, str):
                yield below
            else:
                yield from references(below)
    elif isinstance(value, list):
        for below in value:
            yield from references(below)


def leads_somewhere(document, reference):
    """Whether a reference within the document names something that is there."""
    if not reference.startswith("#/"):
        return False
    place = document
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(place, dict) or part not in place:
            return False
        place = place[part]
    return True


with urllib.request.urlopen(sys.argv[1], timeout=30) as answer:
    document = json.load(answer)
errors = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]
# The validator leaves references alone where it does not need what they name.
errors += [f"{name} leads nowhere" for name in sorted(set(references(document))) if not leads_somewhere(document, name)]
operations = [operation for path in document["paths"].values() for operation in path.values()]
if len(operations) < 20:
    errors.append(f"there are only {len(operations)} operations")
for error in errors:
    print(error)
print(f"openapi.json: {len(operations)} operations, {len(document['components']['schemas'])} schemas, {len(errors)} errors")
sys.exit(1 if errors else 0)
