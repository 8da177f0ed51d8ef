"""LivePortrait's networks in PyTorch, with the parameter names of the published weights.

Structure and names follow the modules of LivePortrait (MIT License, Copyright (c) 2024 Kuaishou Visual Generation and Interaction
Center; the notice is in NOTICE). Paper: "LivePortrait: Efficient Portrait Animation with Stitching and Retargeting Control"
(arXiv 2407.03168). Imported in a worker only: everything in this folder needs torch.
"""
