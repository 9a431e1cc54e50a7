// The registry: definitions and code, validated, committed, and told as changes.
//
// Blocking; runs on one IoThread. The engine executes mutations here one after the other and hands
// each Change to every shard's Directory before it answers the client.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/model/error.h"
#include "core/model/instant.h"
#include "core/registry/change.h"
#include "core/registry/code_store.h"
#include "core/registry/decide.h"
#include "core/registry/directory.h"
#include "core/registry/mutation.h"
#include "core/registry/store.h"

namespace convoke {

struct RegistryOptions {
  std::string state_directory;            // exists; registry.db and code/ are made below it
  InProcessHandlers in_process_handlers;  // empty: none
};

class Registry {
 public:
  // Removes code that no function refers to. Errors say what to do, for an operator at start-up.
  [[nodiscard]] static Result<std::unique_ptr<Registry>> open(RegistryOptions options);
  // Whether this program knows the format of the one there, if there is one; changes nothing.
  [[nodiscard]] static Result<void> check(const std::string& state_directory);

  // What was committed before this start, to be applied by every shard in this order.
  [[nodiscard]] const std::vector<Change>& loaded() const { return loaded_; }

  // Checks, unpacks code if there is any, commits. An error left everything as it was.
  [[nodiscard]] Result<Change> execute(const Mutation& mutation, WallTime now);

  // The zip of this revision's code. ServiceUnavailable: it has been removed since, or the disk
  // does not give it.
  [[nodiscard]] Result<std::string> read_zip(const Function& function) const;

  // Removes unpacked code that neither a committed function nor `in_use` names
  // (CodePackage::directory of revisions that still run). Not needed for correctness; frees disk.
  void collect_code(const std::vector<std::string>& in_use);

 private:
  Registry(std::unique_ptr<Store> store, CodeStore code, std::vector<Change> loaded,
           InProcessHandlers in_process_handlers);
  [[nodiscard]] Result<CodePackage> keep_code(const std::string& base64, std::uint64_t version);

  std::unique_ptr<Store> store_;
  CodeStore code_;
  std::vector<Change> loaded_;
  InProcessHandlers in_process_handlers_;
  Directory committed_;
};

}  // namespace convoke
