//! Reading and writing values of any size. A host limits the bytes of one value, of one read and of one call, so a
//! large value is stored in parts, and a read that the host refuses because it is too large is made again in halves.
//! Not here: what the values mean, and how many entries a tick works on (`tick::size`).
//!
//! A value of at most [`PART`] bytes is stored as it is. A larger one is stored under its key as a mark, the number of
//! its parts and the first part; the other parts lie under `part/<key>/<number>`. A small value that begins with the
//! mark is stored as a value of one part, so that nothing is ever taken for a mark that is none.

use crate::world::{Change, Reads, StorageError};

/// The most bytes of one part. The WIT promises that a value may have 1 MiB.
pub const PART: usize = 256 * 1_024;

/// How many keys one read asks for.
const KEYS_AT_ONCE: usize = 5_000;
/// How many entries one scan asks for at first.
const SCANNED_AT_ONCE: u32 = 500;

/// The first byte of a value that is stored in parts.
const MARK: u8 = 0xff;
/// The bytes of the mark and of the number of parts.
const HEADER: usize = 3;

/// Adds to `changes` what stores a value in place of an earlier one. `old` and `new` are the bytes of the values; none:
/// there is no such value. Parts of the earlier value that the new one does not have are removed.
pub fn store(changes: &mut Vec<Change>, key: &str, old: Option<&[u8]>, new: Option<&[u8]>) {
    let parts = new.map_or(0, parts);
    match new {
        None => changes.push(Change::Delete(key.to_owned())),
        Some(value) if is_whole(value) => changes.push(Change::Put(key.to_owned(), value.to_vec())),
        Some(value) => {
            for (number, part) in value.chunks(PART).enumerate() {
                if number == 0 {
                    let count = u16::try_from(parts).unwrap_or(u16::MAX).to_be_bytes();
                    let first = [&[MARK], count.as_slice(), part].concat();
                    changes.push(Change::Put(key.to_owned(), first));
                } else {
                    changes.push(Change::Put(part_key(key, number), part.to_vec()));
                }
            }
        }
    }
    let gone = parts.max(1)..old.map_or(0, self::parts);
    changes.extend(gone.map(|number| Change::Delete(part_key(key, number))));
}

/// How many parts a value has.
fn parts(value: &[u8]) -> usize {
    value.len().div_ceil(PART).max(1)
}

fn is_whole(value: &[u8]) -> bool {
    value.len() <= PART && value.first() != Some(&MARK)
}

fn part_key(key: &str, number: usize) -> String {
    format!("part/{key}/{number}")
}

/// The values of the keys, in the order of the keys; none for a key that does not exist.
pub fn get_many(world: &mut impl Reads, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
    let mut values = Vec::with_capacity(keys.len());
    for keys in keys.chunks(KEYS_AT_ONCE) {
        for (key, value) in keys.iter().zip(in_halves(world, keys)?) {
            values.push(match value {
                Some(value) if value.first() == Some(&MARK) => Some(whole(world, key, &value)?),
                value => value,
            });
        }
    }
    Ok(values)
}

/// Reads keys; what the host refuses because it is too large is read in two halves.
fn in_halves(world: &mut impl Reads, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
    match world.get_many(keys) {
        Err(StorageError::TooMuch(_)) if keys.len() > 1 => {
            let (first, second) = keys.split_at(keys.len() / 2);
            let mut values = in_halves(world, first)?;
            values.extend(in_halves(world, second)?);
            Ok(values)
        }
        answer => answer,
    }
}

/// Joins the parts of a value whose first part, with its header, was read. A value of which a part is missing is
/// damaged: it comes out empty, which no stored value is.
fn whole(world: &mut impl Reads, key: &str, first: &[u8]) -> Result<Vec<u8>, StorageError> {
    let (Some([_, high, low]), Some(first)) = (first.get(..HEADER), first.get(HEADER..)) else {
        return Ok(Vec::new());
    };
    let keys: Vec<String> =
        (1..usize::from(u16::from_be_bytes([*high, *low]))).map(|number| part_key(key, number)).collect();
    let rest: Option<Vec<Vec<u8>>> = in_halves(world, &keys)?.into_iter().collect();
    Ok(rest.map_or_else(Vec::new, |rest| [first, &rest.concat()].concat()))
}

/// The keys that start with `prefix`, ascending, behind the key `after`, at most `limit`. Fewer mean that there are no
/// more. The values, which may be large, are dropped while they are read.
pub fn keys(
    world: &mut impl Reads,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, StorageError> {
    scan(world, prefix, after, limit, |key, _| key)
}

/// The entries whose key starts with `prefix`, ascending, behind the key `after`, at most `limit`, each made into what
/// is wanted of it. Fewer than `limit` mean that there are no more. For entries whose values are small.
pub fn scan<T>(
    world: &mut impl Reads,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
    wanted: impl Fn(String, Vec<u8>) -> T,
) -> Result<Vec<T>, StorageError> {
    let mut found = Vec::new();
    let mut last = after.map(str::to_owned);
    let mut portion = SCANNED_AT_ONCE;
    while found.len() < limit {
        let asked = portion.min(u32::try_from(limit - found.len()).unwrap_or(u32::MAX));
        let entries = match world.scan(prefix, last.as_deref(), asked) {
            Err(StorageError::TooMuch(_)) if asked > 1 => {
                portion = asked / 2;
                continue;
            }
            entries => entries?,
        };
        let is_last = entries.len() < usize::try_from(asked).unwrap_or(usize::MAX);
        last = entries.last().map(|(key, _)| key.clone()).or(last);
        found.extend(entries.into_iter().map(|(key, value)| wanted(key, value)));
        if is_last {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fake;
    use crate::world::Writes;

    fn world() -> Fake {
        Fake::new("2023-08-28T12:00:00Z")
    }

    /// Stores values one after the other under one key, and reads each back.
    fn replace(world: &mut Fake, values: &[Option<Vec<u8>>]) {
        let key = "course/c1".to_owned();
        let mut old: Option<Vec<u8>> = None;
        for new in values {
            let mut changes = Vec::new();
            store(&mut changes, &key, old.as_deref(), new.as_deref());
            world.apply(changes).unwrap();
            assert_eq!(get_many(world, std::slice::from_ref(&key)).unwrap(), std::slice::from_ref(new));
            old.clone_from(new);
        }
    }

    #[test]
    fn a_value_of_any_size_is_stored_in_parts_and_leaves_none_behind() {
        let mut world = world();
        world.most_value_bytes = PART + HEADER;
        let bytes = |length: usize| Some((0..length).map(|at| u8::try_from(at % 251).unwrap()).collect::<Vec<u8>>());
        let sizes = [3 * PART + 1, PART, 2 * PART, 2 * PART + 1, 0, 5 * PART];
        let mut values: Vec<_> = sizes.map(bytes).into();
        values.push(Some(vec![MARK, 0, 9]));
        values.push(None);
        replace(&mut world, &values);
        assert!(world.state.is_empty(), "{:?}", world.state);
    }

    #[test]
    fn a_read_that_is_too_large_is_made_in_halves() {
        let mut world = world();
        let keys: Vec<String> = (0..100).map(|number| format!("course/{number:03}")).collect();
        world.apply(keys.iter().map(|key| Change::Put(key.clone(), vec![1; 1_000])).collect()).unwrap();
        world.most_read_bytes = 3_000;
        assert_eq!(get_many(&mut world, &keys).unwrap().iter().flatten().count(), 100);
        assert_eq!(self::keys(&mut world, "course/", Some("course/009"), 80).unwrap(), keys[10..90]);
        assert_eq!(self::keys(&mut world, "course/", Some("course/009"), 200).unwrap(), keys[10..]);
    }

    #[test]
    fn a_value_with_a_missing_part_comes_out_empty() {
        let mut world = world();
        replace(&mut world, &[Some(vec![7; 2 * PART])]);
        world.state.remove("part/course/c1/1");
        assert_eq!(get_many(&mut world, &["course/c1".to_owned()]).unwrap(), [Some(Vec::new())]);
    }
}
