#include "core/registry/shared/local_code.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace convoke::shared_registry {
namespace {

Result<LocalCode::Unpacked> unpacked(CodeStore& store, const std::string& base64,
                                     const std::string& name) {
  Result<std::string> zip = decode_zip(base64);
  if (!zip) return zip.error();
  Result<CodePackage> code = store.put(*zip, name);
  if (!code) return code.error();
  return LocalCode::Unpacked{*std::move(code),
                             std::make_shared<const std::string>(*std::move(zip))};
}

Result<void> unpacked_as(CodeStore& store, const std::string& zip, const CodePackage& code) {
  if (checksum_of(zip) != code.checksum) {
    return Error{ErrorCode::kInternalServerError, "code in the registry is not what was put there"};
  }
  const std::string name = code.directory.substr(code.directory.rfind('/') + 1);
  if (Result<CodePackage> kept = store.put(zip, name); !kept) return kept.error();
  return {};
}

}  // namespace

template <class Value, class Job>
void LocalCode::run(Job job, std::function<void(Value)> done) {
  const auto result = std::make_shared<std::optional<Value>>();
  thread_.run([job = std::move(job), result] { result->emplace(job()); },
              [result, done = std::move(done), here = std::weak_ptr<bool>(here_)] {
                if (!here.expired()) done(*std::move(*result));
              });
}

void LocalCode::let_go(const std::string& directory) {
  const auto at = held_.find(directory);
  if (at != held_.end()) held_.erase(at);
}

void LocalCode::look_for(std::vector<CodePackage> codes, Missing done) {
  run<std::vector<CodePackage>>(
      [codes = std::move(codes)] {
        std::vector<CodePackage> missing;
        std::copy_if(codes.begin(), codes.end(), std::back_inserter(missing),
                     [](const CodePackage& code) { return !CodeStore::has(code); });
        return missing;
      },
      std::move(done));
}

void LocalCode::unpack(std::shared_ptr<const std::string> base64, const std::string& name,
                       std::function<void(Result<Unpacked>)> done) {
  run<Result<Unpacked>>([&store = store_, base64 = std::move(base64),
                         name] { return unpacked(store, *base64, name); },
                        std::move(done));
}

void LocalCode::unpack(std::string zip, const CodePackage& code,
                       std::function<void(Result<void>)> done) {
  run<Result<void>>(
      [&store = store_, zip = std::move(zip), code] { return unpacked_as(store, zip, code); },
      std::move(done));
}

void LocalCode::read(const CodePackage& code, std::function<void(Result<std::string>)> done) {
  run<Result<std::string>>([&store = store_, code] { return store.read_zip(code); },
                           std::move(done));
}

void LocalCode::collect(std::vector<std::string> kept, std::vector<FunctionPtr> functions) {
  kept.insert(kept.end(), held_.begin(), held_.end());
  thread_.run(
      [&store = store_, kept = std::move(kept), functions = std::move(functions)] {
        std::vector<std::string> all = kept;
        for (const FunctionPtr& function : functions) all.push_back(function->code.directory);
        store.keep_only(all);
      },
      [] {});
}

}  // namespace convoke::shared_registry
