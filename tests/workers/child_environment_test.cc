#include "workers/child_environment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/workers/fakes.h"
#include "workers/instance_id.h"

namespace convoke::test {
namespace {

TEST(InstanceId, IsDrawnAnewForEach) {
  Rng rng = Rng::seeded(5);
  const std::string id = new_instance_id(rng);
  EXPECT_EQ(id.size(), 23U);
  EXPECT_TRUE(id.starts_with("c-"));
  EXPECT_NE(id, new_instance_id(rng));
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

TEST(ChildEnvironment, HoldsWhatTheContractNamesAndNothingOfTheEngines) {
  setenv("CONVOKE_SECRET_OF_THE_ENGINE", "1", 1);
  const auto function = a_function(Runtime::kCustom);
  const auto environment = child_environment(*function, "c-1", Place{}, 20'000);
  for (const char* variable :
       {"HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8", "FC_ACCOUNT_ID=123456789012",
        "FC_FUNC_CODE_PATH=/code/7/", "FC_FUNCTION_HANDLER=index.handler",
        "FC_FUNCTION_MEMORY_SIZE=128", "FC_FUNCTION_NAME=resize", "FC_INSTANCE_ID=c-1",
        "FC_REGION=local", "FC_SERVICE_NAME=shop", "FC_SERVER_PORT=20000"}) {
    EXPECT_TRUE(contains(environment, variable)) << variable;
  }
  EXPECT_EQ(environment.size(), 13U);
}

TEST(ChildEnvironment, TheUsersVariablesWinButForTheServerPort) {
  auto function = a_function(Runtime::kCustom);
  function->spec.environment = {{"FC_SERVER_PORT", "80"}, {"HOME", "/data"}, {"MINE", "a=b"}};
  const auto environment = child_environment(*function, "c-1", Place{}, 20'000);
  EXPECT_TRUE(contains(environment, "HOME=/data"));
  EXPECT_TRUE(contains(environment, "MINE=a=b"));
  EXPECT_TRUE(contains(environment, "FC_SERVER_PORT=20000"));
  EXPECT_EQ(environment.size(), 14U) << "no variable twice";
}

}  // namespace
}  // namespace convoke::test
