// SQLite, as far as this program needs it: owners of its handles, and errors as values.
//
// Blocking; runs on an IoThread. One thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/model/error.h"

namespace convoke::sqlite {

// What SQLite said, until the caller has made an Error of it.
struct Failure {
  int code = SQLITE_OK;  // extended result code
  std::string message;
  [[nodiscard]] int primary() const { return code & 0xff; }
};
[[nodiscard]] inline bool failed(const Failure& failure) { return failure.code != SQLITE_OK; }

// Any bytes; to be found again as a BLOB.
struct Blob {
  std::string_view bytes;
};

// What a reader of rows says after one; a reader that returns nothing reads them all.
enum class Rows { kMore, kEnough };

// One row's columns, from 0.
class Statement {
 public:
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::optional<std::int64_t> nullable(int column) const;  // nullopt: NULL
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::string blob(int column) const;

 private:
  friend class Database;
  // Parameters from 1. Nothing is copied: values outlive the run, and are let go at its end.
  void bind(int index, std::int64_t value);
  void bind(int index, const std::optional<std::int64_t>& value);  // nullopt: NULL
  void bind(int index, std::string_view value);
  void bind(int index, Blob value);
  [[nodiscard]] int step();  // SQLITE_ROW, SQLITE_DONE, or an error
  void rewind();

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
  // It could be opened for reading alone.
  [[nodiscard]] bool is_read_only() const;

  [[nodiscard]] Failure execute(const char* script);  // statements without parameters or rows

  // Values are bound as the statement's parameters in order. Compiled statements are kept, up to
  // kStatementsKept, and found again by their text: so texts are few, and values are parameters.
  template <class... Values>
  [[nodiscard]] Failure run(std::string_view sql, const Values&... values) {
    return for_each_row([](const Statement&) {}, sql, values...);
  }

  // on_row may run other statements.
  template <class OnRow, class... Values>
  [[nodiscard]] Failure for_each_row(OnRow on_row, std::string_view sql, const Values&... values) {
    Statement statement;
    if (Failure prepared = take(sql, statement); failed(prepared)) return prepared;
    int index = 0;
    (statement.bind(++index, values), ...);
    int stepped = SQLITE_ROW;
    while ((stepped = statement.step()) == SQLITE_ROW) {
      if (row_was_enough(on_row, statement)) break;
    }
    Failure ended = stepped == SQLITE_DONE || stepped == SQLITE_ROW ? Failure{} : failure(stepped);
    put_back(sql, std::move(statement));
    return ended;
  }

  [[nodiscard]] std::int64_t changes() const;   // rows, by the last statement alone
  [[nodiscard]] std::int64_t last_row() const;  // the number of the row inserted last

 private:
  static constexpr std::size_t kStatementsKept = 64;
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  template <class OnRow>
  static bool row_was_enough(OnRow& on_row, const Statement& row) {
    if constexpr (std::is_void_v<decltype(on_row(row))>) {
      on_row(row);
      return false;
    } else {
      return on_row(row) == Rows::kEnough;
    }
  }
  [[nodiscard]] Failure take(std::string_view sql, Statement& statement);
  void put_back(std::string_view sql, Statement statement);
  [[nodiscard]] Failure failure(int code) const;

  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string, Statement, std::less<>> kept_;  // empty while it is in use
};

}  // namespace convoke::sqlite
