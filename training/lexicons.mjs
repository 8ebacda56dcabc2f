// Prints the word lists of @faker-js/faker as lines `class TAB locale TAB entry`, for lexicons.py.
import { pathToFileURL } from "node:url";

const { allLocales } = await import(pathToFileURL(process.argv[2]).href);

/** All strings below `value`, whatever arrays and objects they are in. */
function* strings(value) {
  if (typeof value === "string") yield value;
  else if (value && typeof value === "object") for (const inner of Object.values(value)) yield* strings(inner);
}

const CLASSES = {
  given: (l) => l.person?.first_name,
  surname: (l) => l.person?.last_name,
  title: (l) => l.person?.prefix,
  job: (l) => [l.person?.job_title, l.person?.job_area, l.person?.job_type, l.person?.job_descriptor],
  place: (l) => l.location?.city_name,
  country: (l) => [l.location?.country, l.location?.state],
  street: (l) => l.location?.street_name,
  legal: (l) => l.company?.legal_entity_type,
  date: (l) => [l.date?.month, l.date?.weekday],
  word: (l) => [l.lorem?.word, l.word, l.animal, l.color, l.commerce, l.food, l.vehicle?.type, l.database, l.hacker],
};

for (const [name, locale] of Object.entries(allLocales))
  for (const [kind, pick] of Object.entries(CLASSES))
    for (const entry of strings(pick(locale) ?? [])) console.log(`${kind}\t${name}\t${entry.replaceAll(/\s+/g, " ")}`);
