// SQLite, as far as the store needs it: owners of its handles, and errors as values.
//
// Blocking; runs on an IoThread. One thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/model/error.h"

namespace convoke::sqlite {

// What SQLite said, until the caller has made an Error of it.
struct Failure {
  int code = SQLITE_OK;  // extended result code
  std::string message;
  [[nodiscard]] int primary() const { return code & 0xff; }
};

class Statement {
 public:
  // Values are bound as the statement's parameters in order; texts are copied.
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);

  [[nodiscard]] int step();  // SQLITE_ROW, SQLITE_DONE, or an error
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int failed_ = SQLITE_OK;  // the first bind that failed; step() says so
};

class Database {
 public:
  // Makes the file if it is not there.
  [[nodiscard]] Failure open(const std::string& path);

  [[nodiscard]] Failure execute(const char* script);  // statements without parameters or rows

  template <class... Values>
  [[nodiscard]] Failure run(std::string_view sql, const Values&... values) {
    return for_each_row([](const Statement&) {}, sql, values...);
  }

  template <class OnRow, class... Values>
  [[nodiscard]] Failure for_each_row(OnRow on_row, std::string_view sql, const Values&... values) {
    Statement statement;
    if (Failure failed = prepare(sql, statement); failed.code != SQLITE_OK) return failed;
    int index = 0;
    (statement.bind(++index, values), ...);
    int stepped = SQLITE_ROW;
    while ((stepped = statement.step()) == SQLITE_ROW) on_row(statement);
    return stepped == SQLITE_DONE ? Failure{} : failure(stepped);
  }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  [[nodiscard]] Failure prepare(std::string_view sql, Statement& statement);
  [[nodiscard]] Failure failure(int code) const;

  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace convoke::sqlite
