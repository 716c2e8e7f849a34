"""For exported.py: the policies of Stable-Baselines3, by the submodules that README names."""
import functools

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import A2C, DDPG, DQN, PPO, SAC, TD3
from torch import nn

import export

BOX = gym.spaces.Box(-1, 1, (3,), np.float32)
OBSERVATIONS = gym.spaces.Box(-2, 2, (5,), np.float32)


class World(gym.Env):
    """Never stepped in: the policies have weights that are drawn."""
    observation_space = OBSERVATIONS

    def __init__(self, actions):
        self.action_space = actions


def policy(algorithm, actions, **settings):
    made = algorithm("MlpPolicy", World(actions), seed=0, device="cpu", **settings).policy
    generator = torch.Generator().manual_seed(5)
    for values in made.parameters(): # those drawn for the last layers are nearly 0
        values.data = torch.randn(values.shape, generator=generator) / values.shape[-1] ** 0.5
    return made


def rows():
    return np.random.default_rng(4).uniform(-2, 2, (20, 5)).astype(np.float32)


def exported(module, expected):
    """expected: what the policy itself says, by its own methods."""
    layers = export.from_torch(module)
    with torch.no_grad():
        return layers, rows(), expected(torch.from_numpy(rows())).numpy()


def refused(module, path):
    export.save(export.from_torch(module, rows()), path)


def cases():
    ppo = policy(PPO, gym.spaces.Discrete(4))
    actor = nn.Sequential(ppo.mlp_extractor.policy_net, ppo.action_net)
    critic = nn.Sequential(ppo.mlp_extractor.value_net, ppo.value_net)
    yield "PPO, logits", functools.partial(
        exported, actor, lambda x: ppo.action_net(ppo.mlp_extractor.forward_actor(ppo.extract_features(x)))), None
    yield "PPO, probabilities", functools.partial(
        exported, nn.Sequential(actor, nn.Softmax(1)), lambda x: ppo.get_distribution(x).distribution.probs), None
    yield "PPO, value", functools.partial(exported, critic, ppo.predict_values), None
    a2c = policy(A2C, BOX)
    yield "A2C, mean", functools.partial(
        exported, nn.Sequential(a2c.mlp_extractor.policy_net, a2c.action_net),
        lambda x: a2c.get_distribution(x).distribution.mean), None
    dqn = policy(DQN, gym.spaces.Discrete(4))
    yield "DQN", functools.partial(exported, dqn.q_net.q_net, dqn.q_net), None
    for algorithm in (TD3, DDPG):
        td3 = policy(algorithm, BOX)
        yield algorithm.__name__, functools.partial(
            exported, td3.actor.mu, lambda x, td3=td3: td3.actor(x)), None
    sac = policy(SAC, BOX)
    yield "SAC", functools.partial(
        exported, nn.Sequential(sac.actor.latent_pi, sac.actor.mu, nn.Tanh()),
        lambda x: sac.actor(x, deterministic=True)), None
    yield "q_net", functools.partial(exported, dqn.q_net, dqn.q_net), None
    yield "PPO's policy", functools.partial(refused, ppo), "skip|branches|returns|no "
    yield "SAC's actor", functools.partial(refused, sac.actor), "skip|branches|returns|no "
