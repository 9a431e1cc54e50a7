// The committed registry on disk, in SQLite.
//
// Blocking; runs on one IoThread (the registry's). It keeps what it is given and checks nothing but
// that it is whole: what may change is decided in decide.h. A commit is durable when it returns
// (WAL, synchronous=FULL). One counter, the change's version, also names services and functions; it
// is kept across deletes and restarts, so that no id is ever used twice.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/model/error.h"
#include "core/registry/change.h"

namespace convoke {

class Store {
 public:
  // Opens the database or makes a new one. `code_directory`: where unpacked code lies; rows hold
  // names below it, so that a state directory can be moved. InternalServerError, with a message
  // that says what to do: not a database, damaged, written by a newer program, no permission.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::string& path,
                                                           std::string code_directory);
  // Whether open() would find a format that this program knows, or nothing; changes nothing, and
  // may be asked while another program has the database open.
  [[nodiscard]] static Result<void> check(const std::string& path);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // All that is committed, as changes to be applied in this order, each with version().
  [[nodiscard]] Result<std::vector<Change>> load_all();

  // The last version ever committed.
  [[nodiscard]] std::uint64_t version() const;

  // Commits a change whose version is version() + 1. ServiceUnavailable: nothing was changed (disk
  // full, database locked by another program); after an I/O error every later commit is refused,
  // since nobody knows what the disk still holds.
  [[nodiscard]] Result<void> commit(const Change& change);

 private:
  struct Implementation;
  explicit Store(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace convoke
