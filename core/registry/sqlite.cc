#include "core/registry/sqlite.h"

namespace convoke::sqlite {

void Statement::bind(int index, std::int64_t value) {
  const int bound = sqlite3_bind_int64(handle_.get(), index, value);
  if (failed_ == SQLITE_OK) failed_ = bound;
}

void Statement::bind(int index, std::string_view value) {
  // An empty view may hold a null pointer, which SQLite would take for NULL.
  const char* bytes = value.empty() ? "" : value.data();
  const int bound =
      sqlite3_bind_text64(handle_.get(), index, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (failed_ == SQLITE_OK) failed_ = bound;
}

int Statement::step() { return failed_ == SQLITE_OK ? sqlite3_step(handle_.get()) : failed_; }

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

std::string Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(handle_.get(), column);
  if (bytes == nullptr) return {};
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return std::string(reinterpret_cast<const char*>(bytes), size);
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

Failure Database::execute(const char* script) {
  const int code = sqlite3_exec(handle_.get(), script, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Failure{} : failure(code);
}

Failure Database::prepare(std::string_view sql, Statement& statement) {
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  statement.handle_.reset(handle);
  return code == SQLITE_OK ? Failure{} : failure(code);
}

Failure Database::failure(int code) const {
  if (!handle_) return Failure{code, sqlite3_errstr(code)};
  return Failure{code, sqlite3_errmsg(handle_.get())};
}

}  // namespace convoke::sqlite
