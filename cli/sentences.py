"""What the command line says when something cannot be done: one clear sentence, never a traceback."""

from pydantic import ValidationError

from foundation.errors import Refused

SENTENCES = {
    "port.taken": "Port {port} on {host} is taken by another program; choose another with {option}.",
    "port.forbidden": "Port {port} on {host} cannot be opened ({reason}); choose another with {option}.",
    "embedded.locked": "The data folder {path} is in use by another xiaoer (process {pid}); stop that one first.",
    "embedded.not_writable": "The data folder cannot be used: {path}: {reason}. Choose another with XIAOER_DATA_DIR.",
    "embedded.version": "The data folder {path} holds PostgreSQL {found} data and this is PostgreSQL {wanted}: "
    "make a backup with the xiaoer that wrote it and restore it here.",
    "embedded.no_account": "PostgreSQL does not run as root and the account {name} could not be made: "
    "make it with useradd, or start xiaoer as another user.",
    "embedded.failed": "{program} did not start: {reason}",
    "servers.none": "No shop runs on the data folder {path} and DATABASE_URL is not set: start `xiaoer up` first.",
    "database.address": "DATABASE_URL is no address of a PostgreSQL database: write postgresql://user:password@host/name.",
    "database.unreachable": "The database {address} cannot be reached: {reason}. Check DATABASE_URL.",
    "database.not_ready": "The database has not the tables of this version: run `xiaoer migrate` first.",
    "redis.address": "REDIS_URL is no address of a Redis or Valkey: write redis://host:6379/0 or unix:///path.",
    "redis.unreachable": "Redis cannot be reached at {address}: {reason}. Check REDIS_URL.",
    "keys.none": "The keys of encryption are missing ({path}): put the key file back, restore a backup, "
    "or set XIAOER_ENCRYPTION_KEYS.",
    "keys.unusable": "The keys of encryption cannot be read: the key file or XIAOER_ENCRYPTION_KEYS is damaged.",
    "keys.missing": "The keys of encryption do not fit this database: key number {number} is missing.",
    "keys.tampered": "The keys of encryption do not fit this database.",
    "keys.given": "The keys come from XIAOER_ENCRYPTION_KEYS, which this command cannot change: "
    "put its value into {path}, unset it, rotate, and set it to what the file holds then.",
    "telegram.no_token": "No bot of Telegram is set: give XIAOER_TELEGRAM_TOKEN what BotFather gave you.",
    "telegram.bad_token": "Telegram does not know this bot: check XIAOER_TELEGRAM_TOKEN and "
    "XIAOER_TELEGRAM_STAFF_TOKEN.",
    "setting.unusable": "The setting {name} is not usable: {reason}.",
    "up.child_failed": "The {name} process ended again and again while starting; its log says: {reason}",
    "up.slow": "The shop did not answer within {seconds} seconds; see the logs in the data folder.",
    "up.servers_ended": "The database server has ended by itself; see the logs in {path}.",
    "backup.exists": "{path} exists already; a backup never overwrites.",
    "backup.not_writable": "The backup cannot be written to {path}: {reason}.",
    "backup.failed": "The backup failed; the database said: {said}",
    "restore.no_file": "There is no file {path}.",
    "restore.unreadable": "{path} is no backup of xiaoer, or it is damaged.",
    "restore.not_writable": "The restore cannot write to {path}: {reason}. Nothing was kept.",
    "restore.keys_given": "XIAOER_ENCRYPTION_KEYS is set, and a backup brings its own keys: "
    "unset it and restore again.",
    "restore.shop_is_there": "There is a shop already ({path}): a restore needs an empty data folder and database.",
    "restore.failed": "The restore failed and nothing was kept; the database said: {said}",
    "database.none": "DATABASE_URL is not set.",
    "search.judgments": "The judgments cannot be read (line {line}): {reason}.",
    "import.no_file": "There is no file {path}.",
    "import.empty": "The file is empty: export it again.",
    "import.binary": "The file is no text; give the exported table itself, not an archive or a spreadsheet.",
    "import.no_rows": "The file has a heading and no rows: export it again with its products.",
    "import.too_large": "The file is larger than {most} bytes: import it in parts.",
    "import.encoding": "The file is not UTF-8 (at byte {position}): save it as UTF-8 and import it again.",
    "import.malformed": "The file is broken at line {line}, or cut off there: export it again. Nothing was changed.",
    "import.columns": "The table lacks the columns {missing}; it has {found}. Is it a file of another kind?",
    "import.currency": "The file has prices in {found} and the shop sells in {wanted}: set XIAOER_CURRENCY, "
    "or take the numbers of one of them for the shop's prices with --currency.",
    "import.nothing_usable": "Not one product could be read; line {line}, column {column}: {reason}. "
    "Correct the file and import it again; nothing was changed.",
    "divisions.unreadable": "{file} is missing in the folder or is no table of divisions (columns code and name, "
    "UTF-8). Nothing was changed.",
    "taxonomy.no_file": "There is no file {path}: give the folder that holds en and zh-CN, each with "
    "categories.txt and attribute_values.txt.",
    "taxonomy.unreadable": "{path} cannot be read as a list of the taxonomy: it must be UTF-8 text of reasonable size. "
    "Nothing was changed.",
    "taxonomy.no_pairs": "Not one word of {path} stands in both languages. Nothing was changed.",
    "script.none": "There are no scripts in {path}.",
    "script.line": "{path}, line {line}: this is no line of a conversation: {text}",
    "script.unreadable": "{path} is no written conversation: unreadable, too large, or nothing happens in it.",
    "script.fact_unknown": "there is no fact {fact}",
    "script.given_unknown": "nothing of the kind can be given: {text}",
    "script.given_total": "the order comes to {total} {currency}, not to what the script says was paid",
    "script.sku_unknown": "there is no SKU {sku}",
    "script.no_data": "The catalogue this script needs is not here: {path}.",
    "settings.language": "There is no language {language}; take zh or en.",
    "staff.unknown": "There is no account {name}.",
    "staff.last_administrator": "{name} is the last administrator: add another first (xiaoer user add).",
    "staff.name_taken": "There is an account {name} already.",
    "staff.name_unusable": "A name is 1 to 60 characters without spaces.",
    "staff.role_unknown": "There is no role {role}; take one of {known}.",
    "staff.password_short": "A password has {shortest} to {longest} characters.",
}


def sentence(refused: Refused) -> str:
    """The sentence for a refusal; one that has none is told by its code."""
    try:
        return SENTENCES[refused.code].format(**refused.facts)
    except KeyError:
        return f"Refused: {refused}."


def of_settings(error: ValidationError) -> Refused:
    """The first unusable setting, under the name of its environment variable."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    known = name.upper() if name.lower() in ("database_url", "redis_url") else f"XIAOER_{name.upper()}"
    return Refused("setting.unusable", name=known, reason=first["msg"].removeprefix("Value error, "))
