// How a file of this program's is opened, and what its failures say to an operator.
//
// WAL with synchronous=FULL: a commit is durable when it returns. An operator may read the file
// with `sqlite3` meanwhile; a lock that is held is waited for, up to 5 s.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/model/error.h"
#include "core/sqlite/sqlite.h"

namespace convoke::sqlite {

enum class Check {
  kSchema,  // what the open touches
  kWhole,   // every page: for small files
};

struct FileKind {
  std::string_view what;  // "registry"
  // PRAGMA user_version counts them: step n makes version n of version n - 1, the first one of an
  // empty file. A new file takes them all, an older one those that it lacks.
  std::span<const char* const> schema_steps;
  std::string_view when_damaged;
  Check check;
};

// Opens the file, makes a new one with its tables, or takes an older one over. InternalServerError,
// with what to do: not a database, damaged, written by a newer program, no permission.
[[nodiscard]] Result<void> open_file(Database& database, const std::string& path,
                                     const FileKind& kind);

// Whether open_file() would find a file that can be read and written, with a schema that this
// program knows, or none yet. Changes nothing in it; may be asked while another program has the file
// open.
[[nodiscard]] Result<void> check_file(const std::string& path, const FileKind& kind);

// InternalServerError: the file cannot be read.
[[nodiscard]] Error cannot_use(const FileKind& kind, const std::string& path,
                               const Failure& failure);

// ServiceUnavailable: a transaction was not committed.
[[nodiscard]] Error cannot_write(const FileKind& kind, const Failure& failure);

}  // namespace convoke::sqlite
