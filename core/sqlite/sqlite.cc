#include "core/sqlite/sqlite.h"

#include <utility>

namespace convoke::sqlite {
namespace {

// An empty view may hold a null pointer, which SQLite would take for NULL.
const char* never_null(std::string_view value) { return value.empty() ? "" : value.data(); }

std::string copied(const void* bytes, int size) {
  if (bytes == nullptr) return {};
  return std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

}  // namespace

void Statement::bind(int index, std::int64_t value) {
  const int bound = sqlite3_bind_int64(handle_.get(), index, value);
  if (failed_ == SQLITE_OK) failed_ = bound;
}

void Statement::bind(int index, const std::optional<std::int64_t>& value) {
  if (value) return bind(index, *value);
  const int bound = sqlite3_bind_null(handle_.get(), index);
  if (failed_ == SQLITE_OK) failed_ = bound;
}

void Statement::bind(int index, std::string_view value) {
  const int bound = sqlite3_bind_text64(handle_.get(), index, never_null(value), value.size(),
                                        SQLITE_STATIC, SQLITE_UTF8);
  if (failed_ == SQLITE_OK) failed_ = bound;
}

void Statement::bind(int index, Blob value) {
  const int bound = sqlite3_bind_blob64(handle_.get(), index, never_null(value.bytes),
                                        value.bytes.size(), SQLITE_STATIC);
  if (failed_ == SQLITE_OK) failed_ = bound;
}

int Statement::step() { return failed_ == SQLITE_OK ? sqlite3_step(handle_.get()) : failed_; }

void Statement::rewind() {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  failed_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

std::optional<std::int64_t> Statement::nullable(int column) const {
  if (sqlite3_column_type(handle_.get(), column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::string Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(handle_.get(), column);
  return copied(bytes, sqlite3_column_bytes(handle_.get(), column));
}

std::string Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(handle_.get(), column);
  return copied(bytes, sqlite3_column_bytes(handle_.get(), column));
}

Failure Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int opened = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);  // SQLite gives a handle for a failure too, to be closed
  if (opened != SQLITE_OK) return failure(opened);
  sqlite3_extended_result_codes(handle, 1);
  return {};
}

bool Database::is_read_only() const { return sqlite3_db_readonly(handle_.get(), "main") == 1; }

Failure Database::execute(const char* script) {
  const int code = sqlite3_exec(handle_.get(), script, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Failure{} : failure(code);
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }
std::int64_t Database::last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }

Failure Database::take(std::string_view sql, Statement& statement) {
  if (const auto kept = kept_.find(sql); kept != kept_.end() && kept->second.handle_) {
    statement = std::move(kept->second);
    return {};
  }
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  statement.handle_.reset(handle);
  return code == SQLITE_OK ? Failure{} : failure(code);
}

void Database::put_back(std::string_view sql, Statement statement) {
  statement.rewind();
  if (const auto place = kept_.find(sql); place != kept_.end())
    place->second = std::move(statement);
  else if (kept_.size() < kStatementsKept)
    kept_.emplace(sql, std::move(statement));
}

Failure Database::failure(int code) const {
  if (!handle_) return Failure{code, sqlite3_errstr(code)};
  return Failure{code, sqlite3_errmsg(handle_.get())};
}

}  // namespace convoke::sqlite
