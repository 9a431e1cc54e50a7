#include "core/registry/registry.h"

#include <utility>

namespace convoke {
namespace {

constexpr const char* kDatabase = "/registry.db";

}  // namespace

Result<void> Registry::check(const std::string& state_directory) {
  return Store::check(state_directory + kDatabase);
}

Result<std::unique_ptr<Registry>> Registry::open(RegistryOptions options) {
  Result<CodeStore> code = CodeStore::open(options.state_directory + "/code");
  if (!code) return code.error();
  Result<std::unique_ptr<Store>> store =
      Store::open(options.state_directory + kDatabase, code->directory());
  if (!store) return store.error();
  Result<std::vector<Change>> loaded = (*store)->load_all();
  if (!loaded) return loaded.error();
  std::unique_ptr<Registry> registry(new Registry(*std::move(store), *std::move(code),
                                                  *std::move(loaded),
                                                  std::move(options.in_process_handlers)));
  registry->collect_code({});
  return registry;
}

Registry::Registry(std::unique_ptr<Store> store, CodeStore code, std::vector<Change> loaded,
                   InProcessHandlers in_process_handlers)
    : store_(std::move(store)),
      code_(std::move(code)),
      loaded_(std::move(loaded)),
      in_process_handlers_(std::move(in_process_handlers)) {
  for (const Change& change : loaded_) committed_.apply(change);
}

Result<Change> Registry::execute(const Mutation& mutation, WallTime now) {
  const Stamp stamp{store_->version() + 1, now};
  Result<Change> change = decide(committed_, mutation, stamp, in_process_handlers_);
  if (!change) return change;

  if (const std::string* base64 = code_of(mutation)) {
    Result<CodePackage> kept = keep_code(*base64, stamp.version);
    if (!kept) return kept.error();
    change = with_code(*change, *std::move(kept));
  }
  // A package whose commit failed stays: the next one of this version replaces it, and a start
  // removes it, unless the commit turns out to have happened after all.
  if (Result<void> committed = store_->commit(*change); !committed) return committed.error();
  committed_.apply(*change);
  return change;
}

Result<CodePackage> Registry::keep_code(const std::string& base64, std::uint64_t version) {
  const Result<std::string> zip = decode_zip(base64);
  if (!zip) return zip.error();
  return code_.put(*zip, std::to_string(version));
}

Result<std::string> Registry::read_zip(const Function& function) const {
  return code_.read_zip(function.code);
}

void Registry::collect_code(const std::vector<std::string>& in_use) {
  std::vector<std::string> kept = in_use;
  for (const FunctionPtr& function : committed_.all_functions())
    kept.push_back(function->code.directory);
  code_.keep_only(kept);
}

}  // namespace convoke
