#include "core/sqlite/file.h"

#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <system_error>

namespace convoke::sqlite {
namespace {

// journal_size_limit: what a large transaction leaves of the write-ahead log is given back.
constexpr const char* kSettings = R"sql(
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA journal_size_limit = 67108864;
PRAGMA foreign_keys = ON;
)sql";

std::string advice_for(const FileKind& kind, const Failure& failure) {
  switch (failure.primary()) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return fmt::format("it is damaged: {}", kind.when_damaged);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return "check that this user may write the file and its directory";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds it: close that program and try again";
    case SQLITE_FULL:
      return "the disk is full: make room and try again";
    default:
      return "see the message of SQLite";
  }
}

Failure check_whole(Database& database) {
  std::string verdict;
  Failure checked = database.for_each_row([&](const Statement& row) { verdict = row.text(0); },
                                          "PRAGMA quick_check(1)");
  if (!failed(checked) && verdict != "ok") return {SQLITE_CORRUPT, verdict};
  return checked;
}

Failure read_schema(Database& database) {
  return database.for_each_row([](const Statement&) {}, "SELECT name FROM sqlite_schema");
}

// How many of the schema's steps the file has taken; 0 for one without tables.
Result<std::size_t> steps_taken(Database& database, const std::string& path, const FileKind& kind) {
  std::int64_t found = 0;
  const Failure read = database.for_each_row([&](const Statement& row) { found = row.integer(0); },
                                             "PRAGMA user_version");
  if (failed(read)) return cannot_use(kind, path, read);
  const auto known = static_cast<std::int64_t>(kind.schema_steps.size());
  if (found < 0 || found > known)
    return Error{ErrorCode::kInternalServerError,
                 fmt::format("the {} '{}' was written by a newer program (schema {}, this one "
                             "knows {}): use that program, or another state directory",
                             kind.what, path, found, known)};
  return static_cast<std::size_t>(found);
}

Result<void> prepare_schema(Database& database, const std::string& path, const FileKind& kind) {
  const Result<std::size_t> taken = steps_taken(database, path, kind);
  if (!taken) return taken.error();
  if (*taken == kind.schema_steps.size()) return {};
  std::string script = "BEGIN IMMEDIATE;";
  for (const char* step : kind.schema_steps.subspan(*taken)) script += step;
  script += fmt::format("PRAGMA user_version = {};COMMIT;", kind.schema_steps.size());
  if (Failure made = database.execute(script.c_str()); failed(made))
    return cannot_use(kind, path, made);
  return {};
}

}  // namespace

Result<void> open_file(Database& database, const std::string& path, const FileKind& kind) {
  Failure opened = database.open(path);
  if (!failed(opened)) opened = database.execute(kSettings);
  if (failed(opened)) return cannot_use(kind, path, opened);
  if (Result<void> ready = prepare_schema(database, path, kind); !ready) return ready;
  if (kind.check == Check::kSchema) return {};
  if (Failure checked = check_whole(database); failed(checked))
    return cannot_use(kind, path, checked);
  return {};
}

Result<void> check_file(const std::string& path, const FileKind& kind) {
  if (std::error_code ignored; !std::filesystem::exists(path, ignored)) return {};
  Database database;
  if (Failure opened = database.open(path); failed(opened)) return cannot_use(kind, path, opened);
  if (database.is_read_only()) {
    return cannot_use(kind, path, {SQLITE_READONLY, "it may only be read"});
  }
  if (Failure set = database.execute("PRAGMA busy_timeout = 5000"); failed(set))
    return cannot_use(kind, path, set);
  if (const auto taken = steps_taken(database, path, kind); !taken) return taken.error();
  const Failure read = kind.check == Check::kWhole ? check_whole(database) : read_schema(database);
  return failed(read) ? cannot_use(kind, path, read) : Result<void>{};
}

Error cannot_use(const FileKind& kind, const std::string& path, const Failure& failure) {
  return {ErrorCode::kInternalServerError,
          fmt::format("cannot use the {} '{}' ({}): {}", kind.what, path, failure.message,
                      advice_for(kind, failure))};
}

Error cannot_write(const FileKind& kind, const Failure& failure) {
  return {ErrorCode::kServiceUnavailable,
          fmt::format("the {} could not be written ({}): {}; nothing was changed", kind.what,
                      failure.message, advice_for(kind, failure))};
}

}  // namespace convoke::sqlite
