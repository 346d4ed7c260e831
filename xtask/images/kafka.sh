#!/bin/bash
# As the official image's: each KAFKA_SOME_NAME is the property some.name.
set -euo pipefail
properties=/tmp/server.properties
env | sed -n 's/^KAFKA_//p' | grep -v '^HEAP_OPTS=' | while IFS='=' read -r name value; do
    name=${name,,}
    echo "${name//_/.}=$value"
done > "$properties"
java -cp "/opt/kafka/libs/*" kafka.tools.StorageTool format --ignore-formatted -t 5L6g3nShT-eMCtK--X86sw -c "$properties"
# shellcheck disable=SC2086
exec java -cp '/opt/kafka/libs/*' ${KAFKA_HEAP_OPTS:-} -Dlog4j2.level=WARN kafka.Kafka "$properties"
